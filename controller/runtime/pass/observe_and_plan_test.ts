import assert from "node:assert/strict";
import { StalledError, TransientError } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { FakeKube } from "../../../tests/support/mod.ts";
import { observeWorld } from "./observe_and_plan.ts";
import type { Claims } from "../kind.ts";

interface World {
  readonly object: KubeObject;
  readonly granted: number;
}

const key = { namespace: "apps", name: "one" };
const object: KubeObject = { apiVersion: "v1", kind: "Thing", metadata: { name: "one", namespace: "apps" } };

/** What a look at an object says to the claims of its kind, when it is observed and granted like that. */
async function look(
  observe: () => Promise<World | undefined>,
  ask: (world: World) => Promise<World | undefined> = (world) => Promise.resolve({ ...world, granted: 1 }),
): Promise<{ readonly world: World | undefined | "threw"; readonly said: readonly string[] }> {
  const said: string[] = [];
  const claims: Claims<World> = {
    ask: (world) => {
      said.push("ask");
      return ask(world);
    },
    withdraw: ({ name }) => void said.push(`withdraw ${name}`),
  };
  const { signal } = new AbortController();
  const kind = { observe, claims };
  const world = await observeWorld(kind, key, new FakeKube(), signal, new Date(0)).catch(() =>
    "threw" as const
  );
  return { world, said };
}

const world: World = { object, granted: 0 };

Deno.test("observeWorld() plans over what was granted of what all share", async () => {
  assert.deepEqual(await look(() => Promise.resolve(world)), {
    world: { ...world, granted: 1 },
    said: ["ask"],
  });
});

Deno.test("observeWorld() takes everything back from an object that is gone, also when that is found late", async () => {
  assert.deepEqual(await look(() => Promise.resolve(undefined)), {
    world: undefined,
    said: ["withdraw one"],
  });
  const late = await look(() => Promise.resolve(world), () => Promise.resolve(undefined));
  assert.deepEqual(late, { world: undefined, said: ["ask", "withdraw one"] });
});

Deno.test("observeWorld() takes everything back from an object nobody can read, and nothing when it is only not read now", async () => {
  const unreadable = await look(() => Promise.reject(new StalledError("InvalidSpec", "Cannot read it")));
  assert.deepEqual(unreadable, { world: "threw", said: ["withdraw one"] });
  const away = await look(() => Promise.reject(new TransientError("RepositoryUnavailable", "no answer")));
  assert.deepEqual(away, { world: "threw", said: [] });
});

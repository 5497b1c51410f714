import fc from "fast-check";
import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { ModelWorld, type MoverEnd, NAMESPACES } from "./world.ts";

/** One thing that happens. Objects are named by a number: the n-th of those there are, counted round. */
export type Step =
  | { readonly does: "back up"; readonly in: number }
  | { readonly does: "wait"; readonly seconds: number }
  | { readonly does: "end mover"; readonly nth: number; readonly how: MoverEnd }
  | { readonly does: "place pod"; readonly nth: number; readonly isRunning: boolean }
  | { readonly does: "delete backups"; readonly nth: number; readonly count: number }
  | { readonly does: "annotate"; readonly nth: number; readonly word: "skip" | "confirm" }
  | { readonly does: "pin"; readonly nth: number; readonly pin: boolean }
  | { readonly does: "set policy"; readonly nth: number; readonly policy: Policy }
  | { readonly does: "set retention"; readonly in: number; readonly keepLatest: number }
  | { readonly does: "set default policy"; readonly in: number; readonly policy: Policy }
  | { readonly does: "crash"; readonly writes: number }
  | { readonly does: "start" }
  | { readonly does: "fail over" }
  | { readonly does: "lag"; readonly kind: string; readonly isBehind: boolean }
  | { readonly does: "fill nodes"; readonly isFull: boolean }
  | { readonly does: "set clock"; readonly skewSeconds: number };
type Policy = "Delete" | "Retain" | "Orphan";

const nth = fc.nat(30);
const place = fc.nat(NAMESPACES.length - 1);
const policy = fc.constantFrom<Policy>("Delete", "Retain", "Orphan");
const good: fc.WeightedArbitrary<MoverEnd> = { weight: 10, arbitrary: fc.constant("whole") };
const bad = (["partial", "empty", "shrunken", "failed", "lost", "killed after saving"] as const)
  .map((how) => ({ weight: 1, arbitrary: fc.constant<MoverEnd>(how) }));

function happens<S extends Step>(
  weight: number,
  does: S["does"],
  rest: Readonly<Record<string, fc.Arbitrary<unknown>>> = {},
): fc.WeightedArbitrary<Step> {
  return {
    weight,
    arbitrary: fc.record({ does: fc.constant(does), ...rest }) as unknown as fc.Arbitrary<Step>,
  };
}

/** Anything that may happen. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  happens(12, "back up", { in: place }),
  happens(20, "wait", {
    seconds: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(1, 11, 61) }, {
      weight: 3,
      arbitrary: fc.nat(400),
    }, { weight: 1, arbitrary: fc.constant(3700) }),
  }),
  happens(24, "end mover", { nth, how: fc.oneof(good, ...bad) }),
  happens(3, "place pod", { nth, isRunning: fc.boolean() }),
  happens(8, "delete backups", { nth, count: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 12 })) }),
  happens(2, "annotate", { nth, word: fc.constantFrom("skip", "confirm") }),
  happens(2, "pin", { nth, pin: fc.boolean() }),
  happens(1, "set policy", { nth, policy }),
  happens(3, "set retention", { in: place, keepLatest: fc.integer({ min: 0, max: 4 }) }),
  happens(1, "set default policy", { in: place, policy }),
  happens(2, "crash", { writes: fc.nat(6) }),
  happens(4, "start"),
  happens(1, "fail over"),
  happens(4, "lag", {
    kind: fc.constantFrom("Backup", "BackupConfig", "Job", "Pod", "Repository"),
    isBehind: fc.boolean(),
  }),
  happens(2, "fill nodes", { isFull: fc.boolean() }),
  happens(1, "set clock", { skewSeconds: fc.integer({ min: -7200, max: 7200 }) }),
);

/** The history of a seed: always the same one. */
export function historyOf(seed: number, length: number): readonly Step[] {
  const steps = fc.array(step, { minLength: length, maxLength: length, size: "max" });
  return fc.sample(steps, { numRuns: 1, seed })[0] ?? [];
}

/** Lets it happen, and everything that follows from it at once. */
export async function carryOut(world: ModelWorld, step: Step): Promise<void> {
  switch (step.does) {
    case "back up":
      world.backUp(NAMESPACES[step.in] ?? NAMESPACES[0]);
      break;
    case "wait":
      return await world.wait(step.seconds);
    case "end mover":
      on(world.openJobs, step.nth, (job) => world.endMover(job, step.how));
      break;
    case "place pod":
      on(world.openJobs, step.nth, (job) => world.placePod(job, step.isRunning));
      break;
    case "delete backups": {
      const { backups } = world;
      const first = backups.length === 0 ? 0 : step.nth % backups.length;
      for (const backup of backups.slice(first, first + step.count)) world.deleteBackup(backup);
      break;
    }
    case "annotate": {
      const word = step.word === "skip" ? ANNOTATION.skipSnapshotCleanup : ANNOTATION.confirmDeletion;
      on(world.backups, step.nth, (backup) => world.annotate(backup, { [word]: "true" }));
      break;
    }
    case "pin":
      on(world.backups, step.nth, (backup) => world.edit(backup, withSpec({ pin: step.pin })));
      break;
    case "set policy":
      on(world.backups, step.nth, (backup) => world.edit(backup, withSpec({ deletionPolicy: step.policy })));
      break;
    case "set retention":
      on(
        world.configs,
        step.in,
        (config) => world.edit(config, withSpec({ retention: { keepLatest: step.keepLatest } })),
      );
      break;
    case "set default policy":
      on(
        world.configs,
        step.in,
        (config) => world.edit(config, withSpec({ defaultDeletionPolicy: step.policy })),
      );
      break;
    case "crash":
      await world.crash(step.writes);
      break;
    case "start":
      if (!world.isAlive) await world.start();
      break;
    case "fail over":
      await world.failover();
      break;
    case "lag":
      world.disturb();
      world.lag(step.kind, step.isBehind);
      break;
    case "set clock":
      world.disturb();
      world.skewMs = step.skewSeconds * 1000;
      break;
    case "fill nodes":
      world.fillNodes(step.isFull);
      break;
    default:
      step satisfies never;
  }
  await world.clock.advance(0);
}

function on(objects: readonly KubeObject[], nth: number, what: (object: KubeObject) => void): void {
  const object = objects[nth % Math.max(1, objects.length)];
  if (object !== undefined) what(object);
}

function withSpec(fields: Readonly<Record<string, unknown>>): (object: KubeObject) => KubeObject {
  return (object) => ({ ...object, spec: { ...(object.spec as Record<string, unknown>), ...fields } });
}

/** Runs a history from its beginning; the first law that was broken, or undefined. */
export async function firstBroken(steps: readonly Step[]): Promise<string | undefined> {
  const world = new ModelWorld();
  try {
    await world.open();
    for (const each of steps) {
      await carryOut(world, each);
      if (world.broken.length > 0) return world.broken[0];
    }
    return undefined;
  } finally {
    await world.end();
  }
}

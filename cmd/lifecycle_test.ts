import { deepEqual, equal, rejects } from "node:assert/strict";
import { type Lifecycle, runRole } from "./lifecycle.ts";

/** A world in which signals come and time passes when the test says so. */
class World {
  readonly reported: string[] = [];
  readonly exits: number[] = [];
  readonly #callbacks = new Map<string, () => void>();
  #timer: (() => void) | undefined;

  run(body: (lifecycle: Lifecycle) => Promise<number>): Promise<number> {
    return runRole({
      onSignal: (name, callback) => {
        this.#callbacks.set(name, callback);
        return () => void this.#callbacks.delete(name);
      },
      exit: (code) => void this.exits.push(code),
      setTimer: (_delayMs, callback) => {
        this.#timer = callback;
        return () => this.#timer = undefined;
      },
      deadlineMs: 1000,
      log: (message, fields) =>
        void this.reported.push(`${message} ${fields["signal"] ?? fields["step"] ?? ""}`.trim()),
    }, body);
  }

  send(name: "SIGTERM" | "SIGINT"): void {
    this.#callbacks.get(name)?.();
  }

  passDeadline(): void {
    this.#timer?.();
  }

  get listeners(): number {
    return this.#callbacks.size;
  }

  get timerRuns(): boolean {
    return this.#timer !== undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function never(): Promise<void> {
  return new Promise(() => {});
}

Deno.test("runRole() runs the steps of the end in reverse and leaves no listener and no timer", async () => {
  const world = new World();
  const order: string[] = [];
  const code = await world.run(({ atEnd }) => {
    for (const name of ["telemetry", "server", "controller"]) {
      atEnd(name, () => Promise.resolve(void order.push(name)));
    }
    return Promise.resolve(0);
  });
  deepEqual({ code, order }, { code: 0, order: ["controller", "server", "telemetry"] });
  deepEqual([world.listeners, world.timerRuns], [0, false]);
});

Deno.test("runRole() stops the role at the first signal and ends the process at the second", async () => {
  const world = new World();
  const running = world.run(async ({ signal }) => {
    await aborted(signal);
    world.send("SIGINT");
    return 0;
  });
  world.send("SIGTERM");
  equal(await running, 0);
  deepEqual(world.exits, [130]);
  deepEqual(world.reported, ["stopping SIGTERM"]);
});

Deno.test("runRole() gives up on a role that ignores the signal, and still runs its steps", async () => {
  const world = new World();
  let ran = false;
  const running = world.run(async ({ atEnd }) => {
    atEnd("telemetry", () => Promise.resolve(void (ran = true)));
    await never();
    return 0;
  });
  world.send("SIGTERM");
  world.passDeadline();
  equal(await running, 1);
  equal(ran, true);
});

Deno.test("runRole() gives up on a step that hangs, tells which, and answers 1", async () => {
  const world = new World();
  const running = world.run(({ atEnd }) => {
    atEnd("controller", never);
    return Promise.resolve(0);
  });
  await Promise.resolve().then(() => Promise.resolve()).then(() => Promise.resolve());
  world.passDeadline();
  equal(await running, 1);
  deepEqual(world.reported, ["a step of the end did not finish in time controller"]);
});

Deno.test("runRole() runs the other steps when one fails, and answers 1", async () => {
  const world = new World();
  const order: string[] = [];
  const code = await world.run(({ atEnd }) => {
    atEnd("first", () => Promise.resolve(void order.push("first")));
    atEnd("second", () => Promise.reject(new Error("broken")));
    return Promise.resolve(0);
  });
  deepEqual({ code, order, reported: world.reported }, {
    code: 1,
    order: ["first"],
    reported: ["a step of the end failed second"],
  });
});

Deno.test("runRole() keeps a code that says more than a failed step does", async () => {
  const code = await new World().run(({ atEnd }) => {
    atEnd("step", () => Promise.reject(new Error("broken")));
    return Promise.resolve(2);
  });
  equal(code, 2);
});

Deno.test("runRole() throws what the role threw, after its steps have run", async () => {
  const order: string[] = [];
  await rejects(
    new World().run(({ atEnd }) => {
      atEnd("step", () => Promise.resolve(void order.push("step")));
      throw new Error("no cluster");
    }),
    /no cluster/,
  );
  deepEqual(order, ["step"]);
});

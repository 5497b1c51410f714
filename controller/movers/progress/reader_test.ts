import assert from "node:assert/strict";
import { type MoverProgress, progressLine } from "../../../api/mod.ts";
import type { LogPart, ObjectKey, Reader } from "../../../kube/types.ts";
import { FakeClock, FakeKube, settle } from "../../../tests/support/mod.ts";
import type { MoverAtWork } from "./at_work.ts";
import { ProgressReader } from "./reader.ts";

type Answer = string | undefined | Error | "never";

/** Logs that answer as the test says, and a reader of progress over them. */
class Logs {
  readonly clock = new FakeClock();
  readonly read: string[] = [];
  readonly parts: LogPart[] = [];
  readonly woken: string[] = [];
  readonly noted: string[] = [];
  readonly answers = new Map<string, Answer>();
  /** Readings that were begun and have not ended. */
  open = 0;
  most = 0;
  readonly progress: ProgressReader;
  readonly reader: Reader;

  constructor() {
    const { clock } = this;
    const log = { debug: (message: string) => void this.noted.push(message) };
    this.progress = new ProgressReader({ clock, log });
    this.progress.onChange(({ name }) => this.woken.push(name));
    const kube = new FakeKube(() => clock.now());
    this.reader = Object.assign(kube, {
      readLog: (pod: ObjectKey, part: LogPart, signal: AbortSignal) => this.#read(pod, part, signal),
    });
  }

  async #read({ name }: ObjectKey, part: LogPart, signal: AbortSignal): Promise<string | undefined> {
    this.read.push(name);
    this.parts.push(part);
    this.open += 1;
    this.most = Math.max(this.most, this.open);
    try {
      const answer = this.answers.get(name);
      if (answer === "never") {
        return await new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason), { once: true })
        );
      }
      await settle(1);
      if (answer instanceof Error) throw answer;
      return answer;
    } finally {
      this.open -= 1;
    }
  }

  /** What is known of the movers of an object, as `pod bytes`. */
  ask(owner: string, pods: readonly string[], startedAt?: string): readonly string[] {
    const movers = pods.map((name): MoverAtWork => ({
      source: name,
      pod: { namespace: "apps", name },
      podUid: `uid-${name}`,
      ...(startedAt === undefined ? {} : { startedAt }),
    }));
    const said = this.progress.ask({ namespace: "apps", name: owner }, movers, this.reader, this.clock.now());
    return [...said].map(([uid, { bytesDone }]) => `${uid.slice(4)} ${bytesDone}`);
  }
}

function says(bytesDone: number): string {
  const progress: MoverProgress = { bytesDone, filesDone: 1, bytesWritten: 0 };
  return `2026-01-02T03:04:05Z INFO kopia: a\n${progressLine(progress)}\n`;
}

Deno.test("ProgressReader reads no log of a mover that has just begun", async () => {
  const logs = new Logs();
  logs.answers.set("a", says(1));
  for (let seconds = 0; seconds < 20; seconds += 1) {
    assert.deepEqual(logs.ask("run", ["a"]), []);
    await logs.clock.advance(1000);
  }
  assert.deepEqual(logs.read, []);
});

Deno.test("ProgressReader reads a log every half minute, however often it is asked, and wakes who asked for news", async () => {
  const logs = new Logs();
  logs.ask("run", ["a"]);
  for (let seconds = 0; seconds <= 120; seconds += 1) {
    logs.answers.set("a", says(Math.floor(seconds / 60)));
    logs.ask("run", ["a"]);
    await logs.clock.advance(1000);
  }
  assert.equal(logs.read.length, 4);
  assert.deepEqual(logs.woken, ["run", "run"], "what is said again is no news");
  assert.deepEqual(logs.ask("run", ["a"]), ["a 1"]);
  assert.deepEqual(logs.parts[0], { container: "mover", lastLines: 64, limitBytes: 65536 });
});

Deno.test("ProgressReader of a controller that has just started reads at once what works for long", async () => {
  const logs = new Logs();
  logs.answers.set("a", says(7));
  assert.deepEqual(logs.ask("run", ["a"], "2026-01-02T03:00:00Z"), []);
  await settle();
  assert.deepEqual(logs.woken, ["run"]);
  assert.deepEqual(logs.ask("run", ["a"], "2026-01-02T03:00:00Z"), ["a 7"]);
  logs.ask("other", ["b"], "2027-01-01T00:00:00Z");
  logs.ask("third", ["c"], "no time");
  await logs.clock.advance(20_000);
  logs.ask("other", ["b"]);
  logs.ask("third", ["c"]);
  await settle();
  assert.deepEqual(logs.read, ["a", "b", "c"], "by its own clock where the node's says nothing");
});

Deno.test("ProgressReader keeps what was said when a log cannot be read, and tries seldomer", async () => {
  const logs = new Logs();
  const startedAt = "2026-01-02T03:00:00Z";
  logs.answers.set("a", says(7));
  logs.ask("run", ["a"], startedAt);
  await settle();
  const failures: readonly Answer[] = [new Error("the node does not answer"), "never"];
  for (const failure of failures) {
    logs.answers.set("a", failure);
    for (let seconds = 0; seconds < 1800; seconds += 5) {
      assert.deepEqual(logs.ask("run", ["a"], startedAt), ["a 7"]);
      await logs.clock.advance(5000);
    }
  }
  assert.ok(logs.read.length > 8 && logs.read.length < 20, `${logs.read.length} readings in an hour`);
  assert.equal(logs.noted.length, logs.read.length - 1);
  logs.answers.set("a", says(8));
  await logs.clock.advance(300_000);
  logs.ask("run", ["a"], startedAt);
  await settle();
  assert.deepEqual(logs.woken, ["run", "run"]);
  await logs.clock.advance(30_000);
  const before = logs.read.length;
  logs.ask("run", ["a"], startedAt);
  await settle();
  assert.equal(logs.read.length, before + 1, "as often as ever once it is heard again");
});

Deno.test("ProgressReader takes a log without progress, or of a pod that is gone, for no news", async () => {
  const logs = new Logs();
  for (const answer of [undefined, "", "kopiur-progress {}\n", "x".repeat(70_000)]) {
    logs.answers.set("a", answer);
    logs.ask("run", ["a"], "2026-01-02T03:00:00Z");
    await logs.clock.advance(30_000);
  }
  assert.deepEqual([logs.woken, logs.noted, logs.read.length], [[], [], 4]);
});

Deno.test("ProgressReader reads four logs at a time, each in its turn, and none twice", async () => {
  const logs = new Logs();
  const pods = Array.from({ length: 100 }, (_, index) => `pod-${index}`);
  for (const pod of pods) logs.answers.set(pod, says(1));
  for (let times = 0; times < 3; times++) {
    for (const pod of pods) logs.ask(`run-of-${pod}`, [pod], "2026-01-02T03:00:00Z");
  }
  await settle(300);
  assert.deepEqual([logs.read, logs.most, logs.open], [pods, 4, 0]);
  assert.equal(new Set(logs.woken).size, 100);
});

Deno.test("ProgressReader goes on behind nodes that never answer", async () => {
  const logs = new Logs();
  const dead = Array.from({ length: 8 }, (_, index) => `dead-${index}`);
  for (const pod of dead) logs.answers.set(pod, "never");
  logs.answers.set("alive", says(3));
  for (const pod of [...dead, "alive"]) logs.ask(`run-of-${pod}`, [pod], "2026-01-02T03:00:00Z");
  await logs.clock.advance(4999);
  assert.deepEqual([logs.open, logs.woken], [4, []]);
  await logs.clock.advance(5002);
  assert.deepEqual(logs.woken, ["run-of-alive"]);
  assert.equal(logs.clock.pending, 0, "no timer is left");
});

Deno.test("ProgressReader forgets movers nobody asks for, also while their turn has not come", async () => {
  const logs = new Logs();
  const startedAt = "2026-01-02T03:00:00Z";
  for (const pod of ["a", "b", "c", "d"]) logs.answers.set(pod, "never");
  logs.answers.set("e", says(1));
  logs.ask("run", ["a", "b", "c", "d", "e"], startedAt);
  assert.deepEqual(logs.ask("run", []), []);
  await logs.clock.advance(6000);
  assert.deepEqual([logs.read.includes("e"), logs.woken, logs.open], [false, [], 0]);

  logs.answers.set("f", says(5));
  logs.ask("run", ["f"], startedAt);
  await settle();
  assert.deepEqual(logs.ask("run", ["f"], startedAt), ["f 5"]);
  logs.ask("run", []);
  assert.deepEqual(logs.ask("run", ["f"]), [], "a mover of that name is met anew");
});

Deno.test("ProgressReader wakes nobody for a mover that ended while its log was read", async () => {
  const logs = new Logs();
  logs.answers.set("a", says(1));
  logs.ask("run", ["a"], "2026-01-02T03:00:00Z");
  await Promise.resolve();
  assert.equal(logs.open, 1);
  logs.ask("run", []);
  await settle();
  assert.deepEqual([logs.read, logs.woken, logs.open], [["a"], [], 0]);
});

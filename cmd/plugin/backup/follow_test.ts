import { deepEqual, equal, match, rejects } from "node:assert/strict";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackup, aCondition, FakeClock, refusal } from "../../../tests/support/mod.ts";
import { followBackup, type FollowEnd } from "./follow.ts";

type Sight = KubeObject | undefined | Error | "hangs";

function a(phase: string, message: string, conditions: readonly unknown[] = []): KubeObject {
  return aBackup({ status: { phase, message, conditions } });
}

/** Follows a Backup that looks like each of these in turn, then like the last for ever. */
async function follow(
  sights: readonly Sight[],
  seconds: number,
  timeoutSeconds = 600,
): Promise<{ readonly end: FollowEnd | Error | undefined; readonly reported: readonly string[] }> {
  const clock = new FakeClock();
  const reported: string[] = [];
  let looks = 0;
  let end: FollowEnd | Error | undefined;
  const stop = new AbortController();
  const run = followBackup(
    {
      clock,
      print: (line) => void reported.push(line),
      read: (signal) => {
        const sight = sights[Math.min(looks++, sights.length - 1)];
        if (sight instanceof Error) return Promise.reject(sight);
        if (sight !== "hangs") return Promise.resolve(sight);
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    },
    timeoutSeconds * 1000,
    stop.signal,
  ).then((found) => void (end = found), (error) => void (end = error));
  await clock.advance(seconds * 1000);
  const found = end;
  stop.abort(new Error("the test stops it"));
  await run;
  return { end: found, reported };
}

Deno.test("followBackup() tells how far the run is when that is new", async () => {
  const at = (bytesDone: number) =>
    aBackup({
      status: {
        phase: "Running",
        message: "goes",
        conditions: [],
        progress: [{
          ...{ source: "data", pod: "data-x", observedAt: "2026-01-02T03:04:35Z" },
          ...{ bytesDone, bytesEstimated: 4096, filesDone: 7, bytesWritten: 1, bytesPerSecond: 1024 },
          secondsLeft: 3,
        }],
      },
    });
  const { reported } = await follow(
    [a("Running", "goes"), at(1024), at(1024), at(2048), a("Succeeded", "done")],
    10,
  );
  deepEqual(reported, [
    "Running: goes",
    "Running: goes (1.0 KiB of ~4.0 KiB (25%), 7 files, 1.0 KiB/s, 3s left)",
    "Running: goes (2.0 KiB of ~4.0 KiB (50%), 7 files, 1.0 KiB/s, 3s left)",
    "Succeeded: done",
  ]);
});

Deno.test("followBackup() tells each phase once and ends with the run", async () => {
  const sights = [
    aBackup(),
    a("Pending", "waits"),
    a("Pending", "waits"),
    a("Running", "goes"),
    a("Succeeded", "done"),
  ];
  const { end, reported } = await follow(sights, 10);
  deepEqual(end, { kind: "succeeded", message: "done" });
  deepEqual(reported, [
    "no controller has looked at it yet",
    "Pending: waits",
    "Running: goes",
    "Succeeded: done",
  ]);
});

Deno.test("followBackup() tells a failed, an incomplete and a deleted run from one that succeeded", async () => {
  const incomplete = a("Succeeded", "in part", [aCondition("Complete", "False", "BackupPartial")]);
  equal((await follow([a("Failed", "no")], 1)).end?.constructor, Object);
  deepEqual((await follow([a("Failed", "no")], 1)).end, { kind: "failed", message: "no" });
  deepEqual((await follow([incomplete], 1)).end, { kind: "incomplete", message: "in part" });
  deepEqual((await follow([a("Running", ""), undefined], 5)).end, { kind: "gone" });
  const another = { ...a("Running", ""), metadata: { ...aBackup().metadata, uid: "another" } };
  deepEqual((await follow([a("Running", ""), another], 5)).end, { kind: "gone" });
});

Deno.test("followBackup() gives up when the time is up, also while the API server hangs", async () => {
  deepEqual((await follow([a("Running", "goes")], 59, 60)).end, undefined);
  deepEqual((await follow([a("Running", "goes")], 60, 60)).end, { kind: "timeout" });
  deepEqual((await follow(["hangs"], 60, 60)).end, { kind: "timeout" });
});

Deno.test("followBackup() asks again when there was no answer, and says so", async () => {
  const { end, reported } = await follow([new TypeError("no route"), "hangs", a("Succeeded", "done")], 30);
  deepEqual(end, { kind: "succeeded", message: "done" });
  deepEqual(reported.slice(0, 2), [
    "trying again: no route",
    "trying again: The API server did not answer in time",
  ]);
});

Deno.test("followBackup() ends with the error when the Backup may not be read or not be understood", async () => {
  match(String((await follow([refusal(403, "forbidden")], 5)).end), /forbidden/);
  match(String((await follow([a("Dreaming", "")], 5)).end), /a form this program does not know/);
});

Deno.test("followBackup() rejects with the reason it was stopped for", async () => {
  const stop = new AbortController();
  const clock = new FakeClock();
  const read = () => Promise.resolve(a("Running", ""));
  const run = followBackup({ clock, read, print: () => {} }, 1000, stop.signal);
  stop.abort(new Error("Stopped by SIGINT"));
  await rejects(run, /Stopped by SIGINT/);
  equal(clock.pending, 0);
});

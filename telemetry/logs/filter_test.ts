import assert from "node:assert/strict";
import { parseLogFilter, verbosityFor } from "./filter.ts";

/** The verbosity of a target under a filter text. */
function verbosity(text: string | undefined, target = "controller"): number {
  return verbosityFor(parseLogFilter(text).filter, target);
}

Deno.test("parseLogFilter() reads levels by name and number, in any case", () => {
  const cases: Readonly<Record<string, number>> = {
    off: 0,
    error: 1,
    WARN: 2,
    Info: 3,
    debug: 4,
    trace: 5,
    "0": 0,
    "5": 5,
    " debug ": 4,
    "": 3,
    ",,": 3,
    "info,debug": 4,
  };
  for (const [text, want] of Object.entries(cases)) {
    assert.equal(verbosity(text), want, text);
    assert.deepEqual(parseLogFilter(text).warnings, [], text);
  }
  assert.equal(verbosity(undefined), 3);
});

Deno.test("verbosityFor() lets the longest matching beginning of a target decide, as EnvFilter", () => {
  const text = "warn,kopia=debug,kube.watch=trace,kube=off,cmd::status=error,api";
  const cases: Readonly<Record<string, number>> = {
    kopia: 4,
    "kopia.upload": 4,
    "kopia::upload": 4,
    kopiamaint: 4,
    kopi: 2,
    kube: 0,
    "kube.watch": 5,
    "kube.watch.pods": 5,
    "kube.watcher": 5,
    "cmd::status": 1,
    cmd: 2,
    api: 5,
    other: 2,
  };
  for (const [target, want] of Object.entries(cases)) assert.equal(verbosity(text, target), want, target);
});

Deno.test("parseLogFilter() takes a target without a level as trace, with = or without, as EnvFilter", () => {
  for (const text of ["kopia", "kopia=", "error,kopia="]) {
    assert.equal(verbosity(text, "kopia"), 5, text);
    assert.deepEqual(parseLogFilter(text).warnings, [], text);
  }
});

Deno.test("parseLogFilter() says that it does not read a filter by span, nor what is too long", () => {
  assert.match(
    parseLogFilter("info,[reconcile{name=a}]=debug").warnings[0] ?? "",
    /filters by span.* are not understood$/,
  );
  const long = `info,${"kopia=debug,".repeat(400)}`;
  assert.match(
    parseLogFilter(long).warnings[0] ?? "",
    /^The log filter has 4805 characters, and is read up to character 4096$/,
  );
});

Deno.test("parseLogFilter() takes the last of two directives for the same target", () => {
  assert.equal(verbosity("kopia=debug,kopia=error", "kopia"), 1);
});

Deno.test("parseLogFilter() ignores a bad directive and says so", () => {
  const bad = [
    "kopia=loud",
    "=debug",
    "a=b=c",
    "[span{field}]=debug",
    "6",
    "-1",
    "ko pia=info",
    "a=\u0000",
  ];
  for (const part of bad) {
    const { filter, warnings } = parseLogFilter(`debug,${part}`);
    assert.equal(filter.base, 4, part);
    assert.deepEqual(filter.directives, [], part);
    assert.equal(warnings.length, 1, part);
    assert.match(warnings[0] ?? "", /^Cannot use the log directive ".*", expected "<level>"/, part);
  }
});

Deno.test("parseLogFilter() never silences the program for want of a level", () => {
  assert.equal(verbosity("kopia=debug"), 3);
  assert.equal(verbosity("nonsense=loud"), 3);
  assert.equal(verbosityFor(parseLogFilter("x=1", "warn").filter, "y"), 2);
});

Deno.test("parseLogFilter() warns of a target that was surely meant as a level", () => {
  for (const part of ["inof", "debgu", "warning", "infos", "tracr"]) {
    assert.match(parseLogFilter(part).warnings[0] ?? "", /names a target/, part);
  }
  for (const part of ["kopia", "kube", "mover"]) assert.deepEqual(parseLogFilter(part).warnings, [], part);
});

Deno.test("parseLogFilter() survives hostile text", () => {
  for (
    const text of [
      "=".repeat(100_000),
      "a,".repeat(100_000),
      "\u0000\uffff",
      "__proto__=debug",
      "constructor",
    ]
  ) {
    assert.doesNotThrow(() => verbosityFor(parseLogFilter(text).filter, "__proto__"));
  }
  assert.equal(verbosity("constructor", "other"), 3);
  assert.ok((parseLogFilter("!".repeat(5000)).warnings[0] ?? "").length < 300);
});

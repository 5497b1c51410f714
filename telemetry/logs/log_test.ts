import assert from "node:assert/strict";
import { createLog, lineOutput, type Log } from "./log.ts";
import { parseLogFilter } from "./filter.ts";
import type { LineFormat, LogTrace } from "./format.ts";
import { Redactor } from "../redact.ts";

const trace: LogTrace = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  isSampled: true,
  spans: [{ name: "reconcile", attributes: { kind: "Backup", namespace: "media", name: "photos-1" } }],
};

interface Captured {
  readonly log: Log;
  readonly lines: string[];
  readonly redactor: Redactor;
}

function capture(format: LineFormat, options: { filter?: string; trace?: LogTrace } = {}): Captured {
  const lines: string[] = [];
  const redactor = new Redactor();
  const log = createLog({
    filter: parseLogFilter(options.filter).filter,
    redactor,
    clock: () => 1_700_000_000_123.456,
    outputs: [lineOutput((line) => void lines.push(line), format)],
    activeTrace: () => options.trace,
  });
  return { log, lines, redactor };
}

const text: LineFormat = { kind: "text", color: false };

Deno.test("log writes text as time, level, spans, target, message and fields", () => {
  const { log, lines } = capture(text, { trace });
  log.child({ target: "controller" }).info("backup finished", { snapshot: "k12", note: "two words", n: 3 });
  assert.deepEqual(lines, [
    "2023-11-14T22:13:20.123456Z  INFO reconcile{kind=Backup namespace=media name=photos-1}: controller: " +
    'backup finished snapshot=k12 note="two words" n=3 ' +
    "trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331\n",
  ]);
});

Deno.test("log writes text without a trace and without fields as a short line", () => {
  const { log, lines } = capture(text);
  log.warn("no lease");
  assert.deepEqual(lines, ["2023-11-14T22:13:20.123456Z  WARN kopiur: no lease\n"]);
});

Deno.test("log writes JSON with fields, span, spans and trace ids", () => {
  const { log, lines } = capture({ kind: "json" }, { trace });
  log.error("reconcile failed", { error: new Error("a", { cause: new Error("b") }) });
  const line = JSON.parse(lines[0] ?? "");
  const span = { kind: "Backup", namespace: "media", name: "photos-1", span: "reconcile" };
  assert.deepEqual(line, {
    timestamp: "2023-11-14T22:13:20.123456Z",
    level: "ERROR",
    target: "kopiur",
    fields: { message: "reconcile failed", error: "a: b" },
    span,
    spans: [span],
    trace_id: trace.traceId,
    span_id: trace.spanId,
  });
});

Deno.test("log uses colours only when told", () => {
  const { log, lines } = capture({ kind: "text", color: true });
  log.info("x");
  assert.ok(lines[0]?.includes("\x1b[32m INFO\x1b[0m"));
  const without = capture(text);
  without.log.info("x");
  assert.ok(!without.lines[0]?.includes("\x1b"));
});

Deno.test("log lets no value begin a line, move the cursor or turn the reading direction", () => {
  const hostile = "a\nFAKE ERROR line\r\x1b[2J\u202eb\u2028c\u0000d";
  for (const format of [text, { kind: "json" }] as const) {
    const { log, lines } = capture(format, {
      trace: { ...trace, spans: [{ name: hostile, attributes: {} }] },
    });
    log.info(hostile, { [hostile]: hostile, 'quote"': 'say "x"' });
    assert.equal(lines.length, 1);
    assert.equal((lines[0] ?? "").split(/[\n\r]/).length, 2);
    for (const control of ["\x1b", "\0", "\u202e", "\u2028"]) {
      assert.ok(format.kind === "json" || !lines[0]?.includes(control));
    }
    assert.ok(!lines[0]?.includes("\x1b"));
  }
});

Deno.test("log writes what its filter wants, by target, and says so beforehand", () => {
  const { log, lines } = capture(text, { filter: "info,kopia=debug" });
  const kopia = log.child({ target: "kopia" });
  log.debug("hidden");
  kopia.debug("shown");
  kopia.trace("hidden");
  assert.deepEqual(lines.map((line) => line.split(" ").at(-1)), ["shown\n"]);
  assert.deepEqual([log.enabled("debug"), kopia.enabled("debug"), kopia.enabled("trace")], [
    false,
    true,
    false,
  ]);
});

Deno.test("log.child() adds fields to each line; a line's own fields win; undefined is absent", () => {
  const { log, lines } = capture(text);
  log.child({ fields: { kind: "Backup", attempt: 1 } }).child({ fields: { name: "x" } }).info("m", {
    attempt: 2,
    gone: undefined,
  });
  assert.match(lines[0] ?? "", / kopiur: m kind=Backup attempt=2 name=x\n$/);
});

Deno.test("log takes secrets out of message, fields, span attributes and error chains", () => {
  const { log, lines, redactor } = capture({ kind: "json" }, {
    trace: { ...trace, spans: [{ name: "x", attributes: { url: "https://h/?token=hunter22" } }] },
  });
  redactor.remember("hunter22");
  log.info("said hunter22", {
    password: "other-one",
    text: "hunter22",
    error: new Error("x", { cause: new Error("hunter22") }),
  });
  assert.doesNotMatch(lines[0] ?? "", /hunter22|other-one/);
});

Deno.test("log keeps the message when a field has the same name", () => {
  const { log, lines } = capture({ kind: "json" });
  log.info("real", { message: "other" });
  assert.equal(JSON.parse(lines[0] ?? "").fields.message, "real");
});

Deno.test("log gives each record to every output", () => {
  const first: string[] = [];
  const second: string[] = [];
  createLog({
    filter: parseLogFilter("").filter,
    redactor: new Redactor(),
    clock: () => 0,
    outputs: [(record) => void first.push(record.message), (record) => void second.push(record.level)],
    activeTrace: () => undefined,
  }).info("m");
  assert.deepEqual([first, second], [["m"], ["info"]]);
});

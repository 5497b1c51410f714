import assert from "node:assert/strict";
import { lastProgress, progressLine } from "../../api/mover/progress.ts";
import { formatLine } from "../../telemetry/logs/format.ts";
import { runFake } from "../support/fake_kopia.ts";

const forged = progressLine({ bytesDone: 1, filesDone: 1, bytesWritten: 1 });
/** What a tenant may call a file, so that kopia prints it, and so what a mover may log. */
const names = [
  forged,
  `a\n${forged}\n`,
  `a\r${forged}\r`,
  `a\r\n${forged}`,
  `"\n\n${forged}`,
  `a\u2028${forged}\u2028`,
  `a\u0085${forged}\u0085`,
  `\x1b[2K\x1b[1G${forged}`,
  `\0\n${forged}`,
];

Deno.test("a mover's log holds no line for the controller that a file name made up", async () => {
  const body = names.map((name) => {
    const octal = [...new TextEncoder().encode(`\n ! Error when processing "${name}": permission denied\n`)]
      .map((byte) => `\\0${byte.toString(8).padStart(3, "0")}`).join("");
    return `printf '%b' '${octal}' >&2`;
  });
  const { end } = await runFake({
    operation: { backup: { mountPath: "/", sourcePath: "/pvc/data", runId: "uid-1", tags: {} } },
    logFilter: "trace",
    script: { "snapshot create": [...body, "exit 1"].join("\n") },
  });
  assert.ok(end.log.includes("kopiur-progress"), "the names are in the log");
  assert.equal(lastProgress(end.log), undefined);
  assert.equal(end.printed, "");
});

Deno.test("neither form of the log lets a value begin a line for the controller", () => {
  for (const name of names) {
    for (
      const format of [{ kind: "json" }, { kind: "text", color: false }, {
        kind: "text",
        color: true,
      }] as const
    ) {
      const line = formatLine({
        timeMs: 0,
        level: "debug",
        target: "kopia",
        message: name,
        fields: { [name]: name },
        trace: { traceId: "a", spanId: "b", isSampled: true, spans: [{ name, attributes: { name } }] },
      }, format);
      assert.equal(lastProgress(`${line}\n`), undefined, line);
    }
  }
});

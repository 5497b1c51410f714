/** So many lines of what a job said are shown again when it failed. */
const LINES = 120;

/**
 * What a failed job said that matters, without colours: from the first error `deno test` tells of, else its last lines.
 * It is shown again at the very end of a run, where a log that was cut short still has it.
 */
export function tellFailure(name: string, output: string): string {
  // deno-lint-ignore no-control-regex
  const lines = output.replace(/\u001b\[[0-9;]*m/g, "").trim().split("\n");
  const errors = lines.findIndex((line) => line.trim() === "ERRORS");
  const told = errors < 0 ? lines.slice(-LINES) : lines.slice(errors + 1, errors + 1 + LINES);
  return `-- ${name} FAILED\n${told.join("\n").trim()}`;
}

import type { Host } from "../host.ts";

/** A question to a person. */
export interface Question {
  /** What "yes" does, as `delete them`. */
  readonly to: string;
  /** Printed first when the answer is no, as `Nothing was released`. */
  readonly otherwise: string;
}

/** True when a person at a terminal types "yes". Otherwise prints why not; without a terminal the answer is no. */
export async function isConfirmed(
  { stdin, stderr }: Pick<Host, "stdin" | "stderr">,
  { to, otherwise }: Question,
  stop: AbortSignal,
): Promise<boolean> {
  if (!stdin.isTerminal || !stderr.isTerminal) {
    stderr.write(`${otherwise}: expected --yes, or a terminal to confirm on\n`);
    return false;
  }
  stderr.write(`Type "yes" to ${to}: `);
  if ((await stdin.readLine(stop))?.trim() === "yes") return true;
  stderr.write(`${otherwise}: expected "yes"\n`);
  return false;
}

import type { Host } from "../host.ts";

/** What a person is asked, and what is said when the answer is no. */
export interface Question {
  /** Ends in what `yes` does, as `delete them`. */
  readonly to: string;
  /** Begins the sentence of a refusal, as `Nothing was released`. */
  readonly otherwise: string;
}

/** Whether a person at a terminal types "yes"; says why not otherwise. Anywhere else the answer is no. */
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

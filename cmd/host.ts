import type { Keyboard } from "./keyboard.ts";
import type { Terminal } from "./terminal.ts";
import type { Environment } from "./config/variable.ts";

/** What a program gets from the operating system; tests pass a fake. */
export interface Host {
  readonly args: readonly string[];
  /** The name or path it was started by. */
  readonly calledAs: string;
  readonly env: Environment;
  readonly stdin: Keyboard;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
}

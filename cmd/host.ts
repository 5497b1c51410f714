import type { Keyboard } from "./keyboard.ts";
import type { Terminal } from "./terminal.ts";
import type { Environment } from "./config/variable.ts";

/** What the operating system gives a program; tests give something else. */
export interface Host {
  readonly args: readonly string[];
  /** The name or path it was started by. */
  readonly calledAs: string;
  readonly env: Environment;
  readonly stdin: Keyboard;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
}

import { firstChildOf, sendSignal } from "./process_table.ts";
import { pause } from "./wait_until.ts";

/** A long-running program to start. */
export interface ChildOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Everything the program says is appended here. */
  readonly logPath: string;
  readonly setpriv: string;
  /** The program is nsenter, which stays between us and the real one: signals are for its child. */
  readonly nested?: boolean;
}

/** A running program. The kernel kills it when the thread that started it dies, so a crash leaves none behind. */
export class ChildProcess {
  readonly name: string;
  readonly logPath: string;
  readonly #child: Deno.ChildProcess;
  readonly #nested: boolean;
  readonly #drained: Promise<unknown>;
  #ended = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.logPath = options.logPath;
    this.#nested = options.nested ?? false;
    this.#child = new Deno.Command(options.setpriv, {
      args: ["--pdeathsig", "KILL", "--", ...options.argv],
      env: { ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#drained = Promise.all([this.#drain(this.#child.stdout), this.#drain(this.#child.stderr)]);
    this.#child.status.then(() => this.#ended = true);
  }

  /** The program's process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** True once the program has ended, for whatever reason. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when the program has ended and its last words are in the log. */
  async done(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#drained;
    return status;
  }

  /** Asks the program to end, kills it after `graceMs`, and resolves when it is gone. */
  async stop(graceMs = 5000): Promise<void> {
    this.signal("SIGTERM");
    const patience = new AbortController();
    const timer = pause(graceMs, patience.signal).then(() => this.signal("SIGKILL")).catch(() => undefined);
    await this.done();
    patience.abort();
    await timer;
  }

  /** Kills the program and resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.done();
  }

  /** Sends a signal; one that comes too late does nothing. */
  signal(name: Deno.Signal): void {
    if (!this.#ended) sendSignal(this.#nested ? firstChildOf(this.pid) ?? this.pid : this.pid, name);
  }

  /** The last lines of the log, for a message about why the program failed. */
  async lastWords(lines = 12): Promise<string> {
    const text = await Deno.readTextFile(this.logPath).catch(() => "");
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  async #drain(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    using file = await Deno.open(this.logPath, { create: true, append: true });
    for await (const chunk of stream) {
      for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
    }
  }
}

/** So long the last words of a Deno that ended are read. */
const LAST_WORDS_MS = 5000;

/** How a Deno is run. */
export interface DenoOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: URL;
  readonly limitSeconds: number;
  /** Shows what it says at once; without it that is kept, so that two beside each other stay readable. */
  readonly live: boolean;
}

/** What a Deno that ended has said, and with which code. */
export interface DenoEnd {
  readonly code: number;
  readonly output: string;
}

/** Denos that run, so that none outlives the runner and what each has said so far can be shown. */
export class DenoChildren {
  readonly #running = new Map<Deno.ChildProcess, string[]>();

  /** Runs a Deno to its end; one that goes on beyond its limit is killed, which is a failure. */
  async run({ args, env = {}, cwd, limitSeconds, live }: DenoOptions): Promise<DenoEnd> {
    const [command = "", ...before] = diesWithUs(Deno.execPath());
    const child = new Deno.Command(command, {
      args: [...before, ...args],
      cwd,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const said: string[] = [];
    this.#running.set(child, said);
    const readers = [child.stdout, child.stderr].map((stream) => stream.getReader());
    async function hear(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
      const decoder = new TextDecoder();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (live) await Deno.stdout.write(part.value);
        said.push(decoder.decode(part.value, { stream: true }));
      }
    }
    const heard = Promise.all(readers.map(hear));
    const limit = setTimeout(() => {
      said.push(`\nkilled: it ran longer than ${limitSeconds} s\n`);
      end(child, "SIGKILL");
    }, limitSeconds * 1000);
    const status = await child.status;
    clearTimeout(limit);
    // What it has left running may hold its streams open for as long as it likes.
    const silence = setTimeout(() => readers.forEach((reader) => void reader.cancel()), LAST_WORDS_MS);
    await heard;
    clearTimeout(silence);
    this.#running.delete(child);
    return { code: status.code, output: said.join("") };
  }

  /** What each that runs has said so far. */
  said(): readonly string[] {
    return [...this.#running.values()].map((said) => said.join(""));
  }

  /** Ends all that run; answers with what each had said. */
  stop(): readonly string[] {
    for (const child of this.#running.keys()) end(child, "SIGTERM");
    return this.said();
  }
}

/** Where the machine can do it the kernel ends the child with us, also when we are killed without a word. */
function diesWithUs(program: string): readonly string[] {
  const setpriv = "/usr/bin/setpriv";
  try {
    Deno.statSync(setpriv);
    return [setpriv, "--pdeathsig", "TERM", program];
  } catch {
    return [program];
  }
}

function end(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It ended in this moment.
  }
}

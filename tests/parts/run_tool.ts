/** What a tool answered. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a tool is run. */
export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: boolean;
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** After this long the tool is killed and the call fails. */
  readonly limitSeconds?: number;
  readonly signal?: AbortSignal;
}

/** Runs a tool to its end and answers with its code and output; a tool that is not there is an error that says so. */
export async function runTool(argv: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  const [command = "", ...args] = argv;
  const limit = AbortSignal.timeout((options.limitSeconds ?? 120) * 1000);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const child = spawn(command, args, options, signal);
  if (options.stdin !== undefined) {
    const bytes = typeof options.stdin === "string" ? new TextEncoder().encode(options.stdin) : options.stdin;
    const writer = child.stdin.getWriter();
    // A tool may end before it has read everything; its exit code tells the story.
    await writer.write(bytes).then(() => writer.close()).catch(() => undefined);
  }
  const output = await child.output();
  if (limit.aborted) {
    throw new Error(
      `Cannot finish "${argv.join(" ")}": it ran longer than ${options.limitSeconds ?? 120} s and was killed`,
    );
  }
  options.signal?.throwIfAborted();
  const decoder = new TextDecoder();
  return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

function spawn(command: string, args: readonly string[], options: ToolOptions, signal: AbortSignal) {
  try {
    return new Deno.Command(command, {
      args: [...args],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      clearEnv: options.clearEnv ?? false,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      signal,
    }).spawn();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Error(`Cannot run "${command}": it is not on this machine, expected it on the PATH`, {
        cause,
      });
    }
    throw cause;
  }
}

/** Like runTool, but a code other than 0 is an error with the tool's last words. */
export async function runToolOk(argv: readonly string[], options: ToolOptions = {}): Promise<string> {
  const result = await runTool(argv, options);
  if (result.code === 0) return result.stdout;
  const words = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-15).join("\n");
  throw new Error(
    `Cannot finish "${argv.join(" ")}": exit code ${result.code}, expected 0; it said: ${words}`,
  );
}

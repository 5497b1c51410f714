import { exists, type Progress, secondsText } from "../../parts/mod.ts";
import type { ClusterState } from "../cluster_spec.ts";
import { processStart, sendSignal } from "../machine/process_table.ts";
import { parseSupervisorMessage } from "./supervisor_message.ts";
import { TextLineStream } from "../machine/text_lines.ts";
import { waitUntil } from "../machine/wait_until.ts";

/** The supervisor of a cluster, seen from the process that started it. */
export class Supervisor {
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(folder: string, program: string) {
    this.#folder = folder;
    // A session of its own: Ctrl-C is for the starter, whose end the supervisor notices by itself.
    this.#child = new Deno.Command(Deno.execPath(), {
      // Deno lets nothing less read and write below /proc and /sys.
      args: ["run", "--quiet", "--allow-all", program, folder],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      detached: true,
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextLineStream()).getReader();
  }

  /** Resolves when the cluster is ready; when it fails to start, or is aborted, nothing of it is left. */
  async ready(name: string, progress: Progress, signal?: AbortSignal): Promise<void> {
    const started = performance.now();
    // The end of what the supervisor tells ends the loop below.
    const abort = () => void this.stop();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      const failure = await this.#followStart((text) => progress(`cluster ${name}: ${text}`));
      signal?.throwIfAborted();
      if (failure !== undefined) throw new Error(`Cannot start the cluster "${name}": ${failure}`);
    } catch (cause) {
      await this.stop();
      throw cause;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    progress(`cluster ${name} ready in ${secondsText((performance.now() - started) / 1000)}`);
  }

  /** Why the cluster did not start; undefined when it did. */
  async #followStart(tell: (text: string) => void): Promise<string | undefined> {
    let failure = "its supervisor ended without a word";
    while (true) {
      const { value, done } = await this.#lines.read();
      if (done) return failure;
      const message = parseSupervisorMessage(value);
      if (message.kind === "ready") return undefined;
      if (message.kind === "step") tell(message.text);
      if (message.kind === "failed") failure = message.message;
    }
  }

  /** Lets the cluster live on when this process ends. */
  async release(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("keep\n"));
    await writer.close();
    await this.#lines.cancel();
    this.#child.unref();
  }

  /** Ends the cluster; resolves when nothing is left of it. */
  async stop(): Promise<void> {
    // The end of its input is what the supervisor would also see if this process died.
    await this.#child.stdin.close().catch(() => undefined);
    await this.#lines.cancel();
    await this.#child.status;
    await folderGone(this.#folder);
  }

  /** Ends a cluster that another process started. */
  static async stopForeign(folder: string, state: ClusterState): Promise<void> {
    if (processStart(state.supervisorPid) === state.supervisorStart) {
      sendSignal(state.supervisorPid, "SIGTERM");
    }
    await folderGone(folder);
  }
}

async function folderGone(folder: string): Promise<void> {
  await waitUntil(() => exists(folder) ? undefined : true, {
    what: `the end of the cluster in ${folder}`,
    limitSeconds: 60,
  });
}

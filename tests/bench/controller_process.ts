import { join } from "node:path";
import { partPath } from "../parts/mod.ts";
import { ChildProcess } from "../cluster/machine/child_process.ts";
import { pause, waitUntil } from "../cluster/mod.ts";
import { type ProcessMemory, readProcessMemory, readProcessorSeconds } from "./figures/process_memory.ts";

/** What a controller on this machine is started with. */
export interface ControllerStart {
  readonly binary: string;
  readonly kubeconfigPath: string;
  /** Its log goes here. */
  readonly folder: string;
  readonly moverImage: string;
  /** Beside what every controller here is told. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The compiled controller as a process of this machine, which the kernel ends with this one. */
export class ControllerProcess {
  readonly #child: ChildProcess;
  readonly #url: string;

  /** Use startController. */
  constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /** What it says at this path; throws unless it is a 200. */
  async read(path: string, limitSeconds = 10): Promise<string> {
    const response = await fetch(this.#url + path, { signal: AbortSignal.timeout(limitSeconds * 1000) });
    const text = await response.text();
    if (response.ok) return text;
    throw new Error(`Cannot read ${path} of the controller: it answered ${response.status}: ${text}`);
  }

  /** Resolves as soon as it says that it is ready. */
  async ready(limitSeconds: number, signal: AbortSignal): Promise<void> {
    const what = "the controller to be ready";
    await waitUntil(() => this.#child.ended ? "ended" : this.read("/readyz"), {
      what,
      limitSeconds,
      everyMs: 10,
      signal,
    })
      .catch(async (cause) => {
        signal.throwIfAborted();
        throw new Error(`${messageOf(cause)}; its log ends: ${await this.#child.lastWords()}`, { cause });
      });
    await this.#requireRunning();
  }

  /** Resolves when it has had next to nothing to do for two seconds. */
  async idle(limitSeconds: number, signal: AbortSignal): Promise<void> {
    let before = this.#processorSeconds();
    await waitUntil(async () => {
      await pause(idleWindowSeconds * 1000, signal);
      const used = this.#processorSeconds() - before;
      before += used;
      return used / idleWindowSeconds < idleShare ? true : undefined;
    }, { what: "the controller to be idle", limitSeconds, everyMs: 0, signal });
    await this.#requireRunning();
  }

  /** Its memory now. */
  async memory(): Promise<ProcessMemory> {
    const memory = readProcessMemory(this.#child.pid);
    if (memory !== undefined) return memory;
    throw new Error(`Cannot measure the controller: it has ended: ${await this.#child.lastWords()}`);
  }

  /** Holds it still, or lets it go on. */
  freeze(frozen: boolean): void {
    this.#child.signal(frozen ? "SIGSTOP" : "SIGCONT");
  }

  /** Ends it as a kubelet does, so that it gives its lease back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop(15_000);
  }

  #processorSeconds(): number {
    return readProcessorSeconds(this.#child.pid) ?? 0;
  }

  async #requireRunning(): Promise<void> {
    if (!this.#child.ended) return;
    throw new Error(`Cannot measure the controller: it has ended: ${await this.#child.lastWords()}`);
  }
}

const idleWindowSeconds = 2;
/** Of one core: what watches, leases and timers may take. */
const idleShare = 0.03;

/** Starts the controller; it is not ready yet when this resolves. */
export async function startController(start: ControllerStart): Promise<ControllerProcess> {
  const port = freePort();
  const child = new ChildProcess({
    name: "controller",
    argv: [start.binary, "controller"],
    env: {
      // As the image sets it.
      MALLOC_ARENA_MAX: "1",
      KUBECONFIG: start.kubeconfigPath,
      KOPIUR_HTTP_ADDR: `127.0.0.1:${port}`,
      KOPIUR_NAMESPACE: "default",
      KOPIUR_MOVER_IMAGE: start.moverImage,
      ...start.env,
    },
    logPath: join(start.folder, "controller.log"),
    setpriv: await partPath("setpriv"),
  });
  return new ControllerProcess(child, `http://127.0.0.1:${port}`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

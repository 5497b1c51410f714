import type { ApiServer } from "../cluster/mod.ts";
import { waitUntil } from "../cluster/mod.ts";
import { kopiurBinary } from "./kopiur_binary.ts";

/** The compiled controller, running against an API server. */
export class RunningController {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<string>;
  #said = "";

  /** Use startController. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#output = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Everything it has logged so far. */
  get log(): string {
    return this.#said;
  }

  /** Where it serves, once it does. */
  async url(): Promise<string> {
    const look = () => /listening .*port=([0-9]+)/.exec(this.#said)?.[1];
    const port = await waitUntil(look, { what: "the controller to listen", limitSeconds: 20 });
    return `http://127.0.0.1:${port}`;
  }

  /** Resolves when /readyz says so. */
  async ready(): Promise<void> {
    const url = await this.url();
    await waitUntil(async () => {
      const response = await fetch(`${url}/readyz`);
      const text = await response.text();
      if (response.ok) return true;
      throw new Error(text);
    }, { what: "the controller to be ready", limitSeconds: 30 });
  }

  send(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Its exit code, and all it has logged. */
  async ended(): Promise<{ readonly code: number; readonly log: string }> {
    const { code } = await this.#child.status;
    return { code, log: await this.#output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.ended();
  }

  async #read(): Promise<string> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) this.#said += text;
    return this.#said;
  }
}

/** Starts the compiled controller as the administrator of an API server. */
export async function startController(
  server: ApiServer,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningController> {
  const child = new Deno.Command(await kopiurBinary(), {
    args: ["controller"],
    clearEnv: true,
    env: {
      KUBECONFIG: server.kubeconfigPath,
      KOPIUR_NAMESPACE: "kopiur-system",
      KOPIUR_MOVER_IMAGE: "kopiur.local/kopiur:test",
      KOPIUR_HTTP_ADDR: "127.0.0.1:0",
      POD_NAME: "controller-0",
      ...env,
    },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  return new RunningController(child);
}

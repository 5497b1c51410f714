/**
 * A small program that removes folders once this process is done with them: when told, and just as well when this
 * process is killed, because the kernel then closes the pipe between them.
 */
export class Janitor {
  readonly #folders: readonly string[];
  readonly #child: Deno.ChildProcess;

  constructor(program: string, folders: readonly string[]) {
    this.#folders = folders;
    // A session of its own: Ctrl-C is for the process that is cleaned up after, not for the one that cleans.
    this.#child = new Deno.Command(program, {
      args: [...folders],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
  }

  /** Removes the folders now; resolves when they are gone. Every process that uses them must have ended. */
  async clean(): Promise<void> {
    await this.#child.stdin.close();
    const { code } = await this.#child.status;
    if (code !== 0) {
      throw new Error(`Cannot remove ${this.#folders.join(", ")}: something still uses them after 30 s`);
    }
  }
}

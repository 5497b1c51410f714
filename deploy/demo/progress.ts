/** Tells a person what happens and how long each step took, on standard error. */
export interface Progress {
  /** Runs a step, with its name before and its seconds after. Steps may run beside each other. */
  step<T>(name: string, work: (say: (line: string) => void) => Promise<T>): Promise<T>;
}

/** A progress that writes lines. */
export function startProgress(write: (text: string) => void, now: () => number): Progress {
  return {
    async step(name, work) {
      const started = now();
      write(`▸ ${name}\n`);
      const result = await work((line) => write(`    ${line}\n`));
      write(`✓ ${name} (${((now() - started) / 1000).toFixed(1)} s)\n`);
      return result;
    },
  };
}

/** A step of a test: its name, a sentence, and what it does. */
export type Step = readonly [name: string, run: () => Promise<void>];

/**
 * Runs steps that share nothing but the cluster beside each other, at most `atOnce` of them: most of their time they
 * wait for a kubelet. What Deno would count as leaks of one step may be the work of its neighbour.
 */
export async function besideEachOther(
  t: Deno.TestContext,
  atOnce: number,
  steps: readonly Step[],
): Promise<void> {
  const waiting = [...steps];
  async function work(): Promise<void> {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const [name, fn] = step;
      await t.step({ name, fn, sanitizeOps: false, sanitizeResources: false, sanitizeExit: false });
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
}

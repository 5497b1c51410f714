/** What can be named on the command line. */
interface Named {
  readonly name: string;
  readonly about: string;
}

/** What the command line asks for. */
export type BenchRequest<M> =
  | { readonly kind: "run"; readonly runs: number; readonly chosen: readonly M[] }
  | { readonly kind: "help" }
  | { readonly kind: "misuse"; readonly message: string };

const defaultRuns = 5;
const mostRuns = 100;

/** Reads the command line. Without names everything is chosen; the order is always that of `all`. */
export function parseBenchArgs<M extends Named>(args: readonly string[], all: readonly M[]): BenchRequest<M> {
  const names: string[] = [];
  let runs = defaultRuns;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    if (arg === "--help") return { kind: "help" };
    // The task runner hands on the "--" that separates its own arguments from ours.
    if (arg === "--") continue;
    if (arg !== "--runs") {
      names.push(arg);
      continue;
    }
    const text = args[++at] ?? "";
    runs = Number(text);
    if (/^[0-9]+$/.test(text) && runs >= 1 && runs <= mostRuns) continue;
    return misuse(`Cannot use --runs: it is "${text}", expected a whole number from 1 to ${mostRuns}`);
  }
  const unknown = names.find((name) => !all.some((each) => each.name === name));
  if (unknown !== undefined) {
    return misuse(`Cannot measure "${unknown}": expected ${all.map(({ name }) => `"${name}"`).join(", ")}`);
  }
  return { kind: "run", runs, chosen: all.filter(({ name }) => names.length === 0 || names.includes(name)) };
}

/** The help text. */
export function benchUsage(all: readonly Named[]): string {
  return `usage: ./denow task bench -- [--runs <number>] [<measurement>…]

Without names everything is measured; ${defaultRuns} runs per figure unless told.
${all.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`).join("\n")}

The figures go to build/bench.json, too. The exit code says whether everything could be measured, not whether
the aims are met.`;
}

function misuse(message: string): { readonly kind: "misuse"; readonly message: string } {
  return { kind: "misuse", message };
}

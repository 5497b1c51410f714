import { runTool } from "../../parts/mod.ts";

/** What a figure depends on beside the program. */
export interface MachineFacts {
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly system: string;
  /** Of the last minute, when the first measurement began: what else was going on. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** Reads the facts of this machine; `programs` are asked for their version by running them. */
export async function readMachineFacts(
  programs: Readonly<Record<string, readonly string[]>>,
): Promise<MachineFacts> {
  const asked = await Promise.all(
    Object.entries(programs).map(async ([name, argv]) => [name, await versionOf(argv)] as const),
  );
  return {
    cores: navigator.hardwareConcurrency,
    processor: processorName(await Deno.readTextFile("/proc/cpuinfo").catch(() => "")),
    memoryBytes: Deno.systemMemoryInfo().total,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    load: Deno.loadavg()[0] ?? 0,
    versions: { deno: Deno.version.deno, ...Object.fromEntries(asked) },
  };
}

/** The facts in a few lines for people. */
export function describeMachine(facts: MachineFacts): string {
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`).join(", ");
  return `${facts.cores} cores (${facts.processor}), ${
    (facts.memoryBytes / 1e9).toFixed(1)
  } GB memory, ${facts.system}, ` +
    `load ${
      facts.load.toFixed(2)
    } before\n${versions}\nMB are 1 000 000 bytes; the figure is the median of the runs.`;
}

/** Name of the processor in the text of /proc/cpuinfo. */
export function processorName(cpuinfo: string): string {
  return /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1]?.trim() ?? "unknown processor";
}

async function versionOf(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool(argv, { limitSeconds: 20 });
  if (code !== 0) {
    throw new Error(`Cannot ask "${argv.join(" ")}" for its version: it exited ${code}: ${stderr.trim()}`);
  }
  return versionText(stdout);
}

/** The version, and the commit where there is one, in what a program says of itself. */
export function versionText(output: string): string {
  const version = /v?([0-9]+\.[0-9]+\.[0-9]+[^\s]*)/.exec(output)?.[1] ?? output.trim();
  const commit = /commit ([0-9a-f]{7,}(?:-dirty)?)/.exec(output)?.[1];
  return commit === undefined ? version : `${version} (${commit})`;
}

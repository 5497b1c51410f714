/** Memory and CPU of this process, read at collection. */
import process from "node:process";
import type { Sample } from "./state_metrics.ts";

/** What is known about the build. */
export interface Build {
  readonly version: string;
  readonly commit: string;
  readonly date: string;
}

/** Memory, CPU time and start of this process, and what it was built from. */
export function readProcessMetrics(build: Build): readonly Sample[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      name: "kopiur_build_info",
      labels: { version: build.version, commit: build.commit, build_date: build.date },
      value: 1,
    },
    { name: "process_resident_memory_bytes", labels: {}, value: Deno.memoryUsage().rss },
    { name: "process_cpu_seconds_total", labels: {}, value: (user + system) / 1e6 },
    { name: "process_start_time_seconds", labels: {}, value: performance.timeOrigin / 1000 },
  ];
}

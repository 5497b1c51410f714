import { join } from "node:path";
import { exists } from "../../parts/mod.ts";

const root = "/sys/fs/cgroup";

/** One sentence when this machine has no control groups the kubelet could use, else undefined. */
export function controlGroupsMissing(): string | undefined {
  if (hierarchies().length > 0) return undefined;
  return `Cannot run pods: ${root} has neither the unified hierarchy nor a "memory" one, ` +
    `expected control groups to be mounted there and writable`;
}

/** The folders of the control group `name`, one per hierarchy: all a cluster's pods are below them. */
export function controlGroupFolders(name: string): readonly string[] {
  return hierarchies().map((hierarchy) => join(hierarchy, name));
}

/** Makes the control group `name` in every hierarchy. */
export async function createControlGroup(name: string): Promise<void> {
  for (const folder of controlGroupFolders(name)) {
    await Deno.mkdir(folder, { recursive: true });
    if (isUnified()) await delegateControllers(folder);
  }
}

function isUnified(): boolean {
  return exists(join(root, "cgroup.controllers"));
}

/** The mount points of the controllers: one when unified, else one per controller. */
function hierarchies(): readonly string[] {
  if (isUnified()) return [root];
  if (!exists(join(root, "memory"))) return [];
  return [...Deno.readDirSync(root)]
    .filter((entry) => entry.isDirectory && exists(join(root, entry.name, "cgroup.procs")))
    .map((entry) => join(root, entry.name))
    .sort();
}

/** Lets the groups below have their own limits: a controller must be passed down level by level. */
async function delegateControllers(folder: string): Promise<void> {
  const wanted = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"];
  for (const level of [root, folder]) {
    const there = (await Deno.readTextFile(join(level, "cgroup.controllers"))).trim().split(" ");
    for (const controller of wanted.filter((name) => there.includes(name))) {
      await Deno.writeTextFile(join(level, "cgroup.subtree_control"), `+${controller}`);
    }
  }
}

import * as z from "zod";
import { ANNOTATION, type BackupStatus, backupStatus, type SnapshotEntry } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { ConfigSource } from "../../../api/rules/mod.ts";

/** The settings a run was started with; later edits of config and repository do not change them. */
export interface RunPin {
  readonly resolved: NonNullable<BackupStatus["resolved"]>;
  readonly sources: readonly ConfigSource[];
}

const pinSchema = z.object({
  resolved: backupStatus.shape.resolved.unwrap(),
  sources: z.array(z.object({ source: z.string(), sourcePath: z.string() })).min(1),
});

/**
 * The pin of a started run: from its status, else from one of its Jobs. A controller that died between
 * making Jobs and writing status finds it there, even when the config is gone meanwhile. Undefined before the start.
 */
export function runPin(status: BackupStatus, jobs: readonly KubeObject[]): RunPin | undefined {
  if (status.resolved !== undefined && status.snapshots !== undefined) {
    const sources = status.snapshots.map(({ source, sourcePath }) => ({ source, sourcePath }));
    return { resolved: status.resolved, sources };
  }
  for (const { metadata } of jobs) {
    const pin = parsePin(metadata.annotations?.[ANNOTATION.run]);
    if (pin !== undefined) return pin;
  }
  return undefined;
}

/** The pin as text for {@link ANNOTATION}.run. */
export function pinText(pin: RunPin): string {
  return JSON.stringify(pin);
}

/** The entries of a run: those of its status, and a Pending one for each other source. */
export function entriesOf(pin: RunPin, status: BackupStatus): readonly SnapshotEntry[] {
  return pin.sources.map(({ source, sourcePath }) =>
    status.snapshots?.find((entry) => entry.source === source) ??
      { source, sourcePath, phase: "Pending" }
  );
}

function parsePin(text: string | undefined): RunPin | undefined {
  if (text === undefined) return undefined;
  try {
    return pinSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // Somebody else wrote the text; the pin is then made from the config.
    return undefined;
  }
}

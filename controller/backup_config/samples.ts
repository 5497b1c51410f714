import { backupConfigKind } from "../../api/mod.ts";
import type { Reader } from "../../kube/types.ts";
import type { StateSample } from "../runtime/kind.ts";
import { numberAt, resourceOf } from "../shared/mod.ts";

const BACKUP_CONFIG = resourceOf(backupConfigKind);

/** Gauges of all BackupConfigs; one whose runs were not counted yet is left out. */
export function* backupConfigSamples(reader: Reader): Iterable<StateSample> {
  for (const config of reader.list(BACKUP_CONFIG)) {
    const value = numberAt(config, "status", "consecutiveFailures");
    if (value === undefined) continue;
    const { namespace = "", name } = config.metadata;
    yield { name: "kopiur_backup_consecutive_failures", labels: { namespace, name }, value };
  }
}

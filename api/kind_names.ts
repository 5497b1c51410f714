/** What the API server calls a kind; enough to ask for its objects. */
export interface KindName {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
}

/** The names of every kind, in the order people meet them; apart from the schemas, which take longer to load. */
export const KIND_NAMES = {
  repository: {
    kind: "Repository",
    plural: "repositories",
    singular: "repository",
    shortNames: ["kopiarepo"],
    scope: "Namespaced",
  },
  backupConfig: {
    kind: "BackupConfig",
    plural: "backupconfigs",
    singular: "backupconfig",
    shortNames: ["kopiabc"],
    scope: "Namespaced",
  },
  backupSchedule: {
    kind: "BackupSchedule",
    plural: "backupschedules",
    singular: "backupschedule",
    shortNames: ["kopiasched"],
    scope: "Namespaced",
  },
  backup: {
    kind: "Backup",
    plural: "backups",
    singular: "backup",
    shortNames: ["kopiabak"],
    scope: "Namespaced",
  },
} as const satisfies Readonly<Record<string, KindName>>;

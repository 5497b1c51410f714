/**
 * The shared vocabulary: kinds, conditions, reasons, errors and the mover contract. A leaf that imports
 * zod only. Start reading at the kind files (`repository.ts`, `backup_config.ts`, `backup.ts`).
 */
export * from "./kinds/backup.ts";
export * from "./kinds/backup_config.ts";
export * from "./kinds/backup_schedule.ts";
export * from "./mover/cache_sizes.ts";
export * from "./mover/catalog_listing.ts";
export * from "./cel.ts";
export * from "./conditions.ts";
export * from "./crd.ts";
export * from "./cron_text.ts";
export * from "./kinds/definition.ts";
export * from "./duration.ts";
export * from "./errors.ts";
export * from "./kind_names.ts";
export * from "./kopia_policy.ts";
export * from "./meta.ts";
export * from "./mover/contract.ts";
export * from "./mover/memory.ts";
export * from "./mover/progress.ts";
export * from "./catalogs/reasons.ts";
export * from "./kinds/repository.ts";
export * from "./kinds/shared_types.ts";
export * from "./words.ts";

import { backupKind } from "./kinds/backup.ts";
import { backupConfigKind } from "./kinds/backup_config.ts";
import { backupScheduleKind } from "./kinds/backup_schedule.ts";
import type { KindDefinition } from "./kinds/definition.ts";
import type { KIND_NAMES } from "./kind_names.ts";
import { repositoryKind } from "./kinds/repository.ts";

/** Every kind there is, in the order people meet them; one of KIND_NAMES that is not here does not compile. */
export const ALL_KINDS: readonly KindDefinition[] = Object.values(
  {
    repository: repositoryKind,
    backupConfig: backupConfigKind,
    backupSchedule: backupScheduleKind,
    backup: backupKind,
  } satisfies Readonly<Record<keyof typeof KIND_NAMES, KindDefinition>>,
);

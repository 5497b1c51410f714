/**
 * The shared vocabulary: kinds, conditions, reasons, errors and the mover contract. A leaf that imports
 * zod only. Start reading at the kind files (`repository.ts`, `backup_config.ts`, `backup.ts`).
 */
export * from "./backup.ts";
export * from "./backup_config.ts";
export * from "./backup_schedule.ts";
export * from "./cache_sizes.ts";
export * from "./catalog_listing.ts";
export * from "./cel.ts";
export * from "./conditions.ts";
export * from "./crd.ts";
export * from "./cron_text.ts";
export * from "./definition.ts";
export * from "./duration.ts";
export * from "./errors.ts";
export * from "./kind_names.ts";
export * from "./kopia_policy.ts";
export * from "./meta.ts";
export * from "./mover_contract.ts";
export * from "./mover_memory.ts";
export * from "./mover_progress.ts";
export * from "./reasons.ts";
export * from "./repository.ts";
export * from "./shared_types.ts";
export * from "./words.ts";

import { backupKind } from "./backup.ts";
import { backupConfigKind } from "./backup_config.ts";
import { backupScheduleKind } from "./backup_schedule.ts";
import type { KindDefinition } from "./definition.ts";
import type { KIND_NAMES } from "./kind_names.ts";
import { repositoryKind } from "./repository.ts";

/** Every kind there is, in the order people meet them; one of KIND_NAMES that is not here does not compile. */
export const ALL_KINDS: readonly KindDefinition[] = Object.values(
  {
    repository: repositoryKind,
    backupConfig: backupConfigKind,
    backupSchedule: backupScheduleKind,
    backup: backupKind,
  } satisfies Readonly<Record<keyof typeof KIND_NAMES, KindDefinition>>,
);

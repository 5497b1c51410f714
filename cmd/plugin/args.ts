import type { Command } from "commander";
import { addBackup, type BackupInvocation } from "./backup/args.ts";
import { addDeletions, type DeletionsInvocation } from "./deletions/args.ts";
import { addFinalizers, type FinalizersInvocation } from "./finalizers/args.ts";
import { addRepository, type RepositoryInvocation } from "./repository/args.ts";
import { addSchedule, type ScheduleInvocation } from "./schedule/args.ts";
import { addStatus, type StatusInvocation } from "./status/args.ts";

/** The commands of the plugin, besides version and help. */
export type PluginInvocation =
  | StatusInvocation
  | BackupInvocation
  | ScheduleInvocation
  | DeletionsInvocation
  | RepositoryInvocation
  | FinalizersInvocation;

/** Adds the commands of the plugin, in the order help shows them. */
export function addPluginCommands(program: Command, settle: (invocation: PluginInvocation) => void): void {
  addStatus(program, settle);
  addBackup(program, settle);
  addSchedule(program, settle);
  addDeletions(program, settle);
  addRepository(program, settle);
  addFinalizers(program, settle);
}

/** The real programs the tests run against: built once from pinned sources, kept outside the tree. */
export { cacheFolder } from "./cache_folder.ts";
export { diskMissing } from "./disk.ts";
export { ensureParts, partPath, type Progress, stderrProgress } from "./ensure.ts";
export { exists } from "./exists.ts";
export { withFileLock } from "./file_lock.ts";
export type { DebianPartName, GoPartName, PartName } from "./recipe.ts";
export { type MissingPartPolicy, missingPartPolicy } from "./requirement.ts";
export { missingParts, partTest, type PartTestOptions } from "./part_case.ts";
export { runTool, runToolOk, type ToolOptions, type ToolResult } from "./run_tool.ts";
export { secondsText } from "./seconds.ts";

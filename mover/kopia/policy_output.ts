import * as z from "zod";
import { findJson, parseAs, unexpected } from "./json.ts";

/** The settings that can make kopia drop a snapshot. */
export interface RetentionPolicy {
  /** The sum of the six keep settings; 0 means that kopia keeps everything. */
  readonly keepSum: number;
  readonly ignoreIdenticalSnapshots: boolean;
  /** True when the keep settings are those kopia writes into every new repository. */
  readonly keepsAreBuiltIn: boolean;
}

/** An effective policy, inherited values included, as far as a mover reads it. Absent: set nowhere. */
export interface WorkingPolicy {
  readonly retention: RetentionPolicy;
  readonly compressor?: string;
  /** The compression of folders; a mover does not set it. */
  readonly metadataCompressor?: string;
  readonly neverCompress: readonly string[];
  readonly splitter?: string;
  readonly ignore: readonly string[];
  readonly ignoreCacheDirs?: boolean;
  readonly ignoreFileErrors?: boolean;
  readonly ignoreDirErrors?: boolean;
  readonly ignoreUnknownTypes?: boolean;
}

/** Not an integer: users write very large numbers for "for ever", which need not be exact. */
const keep = z.number().min(0).nullish();
const choice = z.boolean().nullish();
const texts = z.array(z.string()).nullish();

const retention = z.object({
  keepLatest: keep,
  keepHourly: keep,
  keepDaily: keep,
  keepWeekly: keep,
  keepMonthly: keep,
  keepAnnual: keep,
  ignoreIdenticalSnapshots: choice,
}).nullish();

const policy = z.object({
  retention,
  files: z.object({ ignore: texts, ignoreCacheDirs: choice }).nullish(),
  errorHandling: z.object({
    ignoreFileErrors: choice,
    ignoreDirectoryErrors: choice,
    ignoreUnknownTypes: choice,
  }).nullish(),
  compression: z.object({ compressorName: z.string().nullish(), neverCompress: texts }).nullish(),
  metadataCompression: z.object({ compressorName: z.string().nullish() }).nullish(),
  splitter: z.object({ algorithm: z.string().nullish() }).nullish(),
});

/** The global policy of a new repository: latest, hourly, daily, weekly, monthly, annual. */
const builtInKeeps = [10, 48, 7, 4, 24, 3] as const;

/** Reads `policy show --json` of one target. Throws MoverError "UnexpectedOutput". */
export function parseRetentionPolicy(stdout: string): RetentionPolicy {
  return retentionOf(
    parseAs(z.object({ retention }), findJson(stdout, "policy show"), "policy show").retention,
  );
}

/**
 * Reads `policy show --json` of two targets, one document per line; other lines are skipped. Throws MoverError
 * "UnexpectedOutput".
 */
export function parseTwoPolicies(stdout: string): readonly [WorkingPolicy, WorkingPolicy] {
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  const [one, other, more] = lines;
  if (one === undefined || other === undefined || more !== undefined) {
    throw unexpected("policy show", `${lines.length} policies`);
  }
  return [parseWorking(one), parseWorking(other)];
}

function parseWorking(line: string): WorkingPolicy {
  const { retention, files, errorHandling, compression, metadataCompression, splitter } = parseAs(
    policy,
    findJson(line, "policy show"),
    "policy show",
  );
  return {
    retention: retentionOf(retention),
    neverCompress: compression?.neverCompress ?? [],
    ignore: files?.ignore ?? [],
    ...present("compressor", compression?.compressorName),
    ...present("metadataCompressor", metadataCompression?.compressorName),
    ...present("splitter", splitter?.algorithm),
    ...present("ignoreCacheDirs", files?.ignoreCacheDirs),
    ...present("ignoreFileErrors", errorHandling?.ignoreFileErrors),
    ...present("ignoreDirErrors", errorHandling?.ignoreDirectoryErrors),
    ...present("ignoreUnknownTypes", errorHandling?.ignoreUnknownTypes),
  };
}

function present<K extends string, V>(key: K, value: V | null | undefined): { readonly [P in K]?: V } {
  // TypeScript widens a computed key; the object has this one field or none.
  return (value === null || value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V };
}

function retentionOf(found: z.infer<typeof retention>): RetentionPolicy {
  const keeps = [
    ...[found?.keepLatest, found?.keepHourly, found?.keepDaily],
    ...[found?.keepWeekly, found?.keepMonthly, found?.keepAnnual],
  ];
  return {
    keepSum: keeps.reduce((sum: number, each) => sum + (each ?? 0), 0),
    ignoreIdenticalSnapshots: found?.ignoreIdenticalSnapshots ?? false,
    keepsAreBuiltIn: keeps.every((each, index) => each === builtInKeeps[index]),
  };
}

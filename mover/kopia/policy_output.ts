import * as z from "zod";
import { findJson, parseAs, unexpected } from "./json.ts";

/** What of a policy can make kopia drop a snapshot. */
export interface RetentionPolicy {
  /** The six keeps, added up; 0 means that kopia keeps everything. */
  readonly keepSum: number;
  readonly ignoreIdenticalSnapshots: boolean;
  /** True when the keeps are those kopia writes into every new repository. */
  readonly keepsAreBuiltIn: boolean;
}

/** A policy as it works, with what it inherits, as far as a mover sets it. Absent: set nowhere. */
export interface WorkingPolicy {
  readonly retention: RetentionPolicy;
  readonly compressor?: string;
  /** Of folders, which a mover does not set. */
  readonly metadataCompressor?: string;
  readonly neverCompress: readonly string[];
  readonly splitter?: string;
  readonly ignore: readonly string[];
  readonly ignoreCacheDirs?: boolean;
  readonly ignoreFileErrors?: boolean;
  readonly ignoreDirErrors?: boolean;
  readonly ignoreUnknownTypes?: boolean;
}

/** Users write the largest number there is to say "for ever"; it need not be exact. */
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

/** What `repository create` of kopia writes as the global policy: latest, hourly, daily, weekly, monthly, annual. */
const builtInKeeps = [10, 48, 7, 4, 24, 3] as const;

/** Reads `policy show --json` of one target. Throws MoverError "UnexpectedOutput". */
export function parseRetentionPolicy(stdout: string): RetentionPolicy {
  return retentionOf(
    parseAs(z.object({ retention }), findJson(stdout, "policy show"), "policy show").retention,
  );
}

/**
 * Reads `policy show --json` of two targets, one document on a line for each; other lines are skipped. Throws
 * MoverError "UnexpectedOutput".
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

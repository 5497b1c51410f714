import { IGNORED_BY_DEFAULT, type KopiaPolicy } from "../../api/kopia_policy.ts";
import type { WorkingPolicy } from "./policy_output.ts";

/** What the policy of a source is to be. */
interface WantedPolicy {
  /** As in the recipe; what is absent is to be inherited. */
  readonly policy: KopiaPolicy;
  readonly ignoreIdenticalSnapshots: boolean;
}

/** How the policy of a source works now. */
export interface FoundPolicy {
  readonly source: WorkingPolicy;
  /** The same of the folder above the source: what the source has where it says nothing itself. */
  readonly above: WorkingPolicy;
}

/** A setting of one value: the flag that sets it, and its value as it is wanted, found, and found above. */
type Single = readonly [
  flag: string,
  wanted: string | boolean | undefined,
  found: string | boolean | undefined,
  above: string | boolean | undefined,
];

/**
 * The flags of `policy set` that make the policy of a source work as it is wanted; none when it does. Kopia's own
 * retention is taken off whatever is wanted. `policy show` tells what works, not where it was said,
 * and `policy set` only adds: what a source has but not the folder above it was said at the source, and is taken
 * back there when nobody wants it any more.
 */
export function policyChanges(wanted: WantedPolicy, found: FoundPolicy): readonly string[] {
  const { policy, ignoreIdenticalSnapshots } = wanted;
  const { source, above } = found;
  const { compression, ignore, errorHandling } = policy;
  const singles: readonly Single[] = [
    ["compression", compression?.compressor, source.compressor, above.compressor],
    ["splitter", policy.splitter, source.splitter, above.splitter],
    ["ignore-cache-dirs", ignore?.cacheDirs, source.ignoreCacheDirs, above.ignoreCacheDirs],
    [
      "ignore-file-errors",
      errorHandling?.ignoreFileErrors,
      source.ignoreFileErrors,
      above.ignoreFileErrors,
    ],
    ["ignore-dir-errors", errorHandling?.ignoreDirErrors, source.ignoreDirErrors, above.ignoreDirErrors],
    [
      "ignore-unknown-types",
      errorHandling?.ignoreUnknownTypes,
      source.ignoreUnknownTypes,
      above.ignoreUnknownTypes,
    ],
  ];
  return [
    ...(source.retention.keepSum === 0 ? [] : keepEverything),
    ...(source.retention.ignoreIdenticalSnapshots === ignoreIdenticalSnapshots
      ? []
      : [`--ignore-identical-snapshots=${ignoreIdenticalSnapshots}`]),
    ...singles.flatMap(singleChange),
    ...ignoreChanges(ignore, found),
    ...neverCompressChanges((compression?.neverCompress ?? []).map(withDot), found),
  ];
}

/** Kopia once wrote this, and neither writes nor reads it any more. */
const lostCompressor = "lz4";

/**
 * Why nothing can be backed up with the policy as it will work, as a sentence; undefined when it can. Kopia would call
 * every new file unreadable, and would save snapshots it cannot restore.
 */
export function lostCompressorText(policy: KopiaPolicy, { source, above }: FoundPolicy): string | undefined {
  const files = (policy.compression?.compressor ?? above.compressor) === lostCompressor;
  if (!files && source.metadataCompressor !== lostCompressor) return undefined;
  const mend = files
    ? "another one: set spec.policy.compression.compressor of the BackupConfig, or the policy of the repository"
    : 'another one: run "kopia policy set --global --metadata-compression=zstd-fastest"';
  return `Cannot back up: the policy of the repository compresses ${files ? "files" : "folders"} with ` +
    `"${lostCompressor}", which kopia 0.23 can neither write nor read, expected ${mend}; what it has ` +
    "stored so can be restored by kopia 0.22 alone";
}

/** All six keeps at 0, which kopia reads as "keep everything". */
export const keepEverything = [
  "--keep-latest=0",
  "--keep-hourly=0",
  "--keep-daily=0",
  "--keep-weekly=0",
  "--keep-monthly=0",
  "--keep-annual=0",
] as const;

function singleChange([flag, wanted, found, above]: Single): readonly string[] {
  if (wanted !== undefined) return found === wanted ? [] : [`--${flag}=${wanted}`];
  return found === undefined || found === above ? [] : [`--${flag}=inherit`];
}

/**
 * Rules of a source replace those above it: to add our own to them, those above are said at the source, too, where the
 * recipe has no rules of its own.
 */
function ignoreChanges(ignore: KopiaPolicy["ignore"], { source, above }: FoundPolicy): readonly string[] {
  const { paths = [], defaults = true } = ignore ?? {};
  const own = paths.length > 0 ? paths : defaults ? above.ignore : [];
  const wanted = [...(defaults ? IGNORED_BY_DEFAULT : []), ...own];
  const goal = wanted.length > 0 ? wanted : above.ignore;
  if (isSameSet(goal, source.ignore)) return [];
  return [
    // Those found may be inherited: what is to stay must be said at the source, too.
    ...flags("add-ignore", wanted),
    ...flags("remove-ignore", without(source.ignore, wanted)),
  ];
}

/** Extensions of a source come on top of those above it. */
function neverCompressChanges(wanted: readonly string[], { source, above }: FoundPolicy): readonly string[] {
  return [
    ...flags("add-never-compress", without(wanted, source.neverCompress)),
    ...flags("remove-never-compress", without(source.neverCompress, [...wanted, ...above.neverCompress])),
  ];
}

/** Kopia compares with the dot. */
function withDot(extension: string): string {
  return extension.startsWith(".") ? extension : `.${extension}`;
}

function flags(name: string, values: readonly string[]): readonly string[] {
  return [...new Set(values)].map((value) => `--${name}=${value}`);
}

function without(values: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return values.filter((value) => !known.has(value));
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return without(one, other).length === 0 && without(other, one).length === 0;
}

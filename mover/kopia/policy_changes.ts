import { IGNORED_BY_DEFAULT, type KopiaPolicy } from "../../api/kopia_policy.ts";
import type { WorkingPolicy } from "./policy_output.ts";

/** The wanted policy of a source. */
interface WantedPolicy {
  /** As in the recipe; absent fields are inherited. */
  readonly policy: KopiaPolicy;
  readonly ignoreIdenticalSnapshots: boolean;
}

/** The effective policy of a source. */
export interface FoundPolicy {
  readonly source: WorkingPolicy;
  /** The effective policy of the folder above, from which the source inherits. */
  readonly above: WorkingPolicy;
}

/** A setting with one value: its flag, and the wanted, the found and the inherited value. */
type Single = readonly [
  flag: string,
  wanted: string | boolean | undefined,
  found: string | boolean | undefined,
  above: string | boolean | undefined,
];

/**
 * The flags of `policy set` that turn the found policy of a source into the wanted one; none when they are equal.
 * Kopia's own retention is always switched off. `policy show` gives effective values, not where they were set, and
 * `policy set` only adds. So a value that the source has and the folder above has not was set at the source; it is
 * removed there when it is no longer wanted.
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

/** Kopia 0.22 wrote this compression; 0.23 can neither write nor read it. */
const lostCompressor = "lz4";

/**
 * Why the effective policy allows no backup, as a sentence; undefined when it does. With such a policy kopia would
 * report every new file as unreadable, and save snapshots that it cannot restore.
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

/** All six keep settings at 0, which means "keep everything" to kopia. */
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
 * The ignore rules of a source replace the inherited ones. Where the recipe has no rules, the inherited ones are
 * therefore set at the source together with our defaults.
 */
function ignoreChanges(ignore: KopiaPolicy["ignore"], { source, above }: FoundPolicy): readonly string[] {
  const { paths = [], defaults = true } = ignore ?? {};
  const own = paths.length > 0 ? paths : defaults ? above.ignore : [];
  const wanted = [...(defaults ? IGNORED_BY_DEFAULT : []), ...own];
  const goal = wanted.length > 0 ? wanted : above.ignore;
  if (isSameSet(goal, source.ignore)) return [];
  return [
    // A found rule may be inherited, so every wanted rule is set at the source.
    ...flags("add-ignore", wanted),
    ...flags("remove-ignore", without(source.ignore, wanted)),
  ];
}

/** The extensions of a source are added to the inherited ones. */
function neverCompressChanges(wanted: readonly string[], { source, above }: FoundPolicy): readonly string[] {
  return [
    ...flags("add-never-compress", without(wanted, source.neverCompress)),
    ...flags("remove-never-compress", without(source.neverCompress, [...wanted, ...above.neverCompress])),
  ];
}

/** Kopia compares extensions with their dot. */
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

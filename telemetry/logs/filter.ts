/** Which log lines are wanted: the grammar of RUST_LOG, as far as this program uses it. */

/** Levels, from the most severe to the most verbose. */
export const levels = ["error", "warn", "info", "debug", "trace"] as const;
export type Level = typeof levels[number];

/** How many of `levels` are shown: 0 is off, 5 is everything. */
export type Verbosity = 0 | 1 | 2 | 3 | 4 | 5;

/** A parsed filter; directives are sorted so that the first match is the longest. */
export interface LogFilter {
  readonly base: Verbosity;
  readonly directives: readonly LogDirective[];
}

export interface LogDirective {
  readonly target: string;
  readonly verbosity: Verbosity;
}

/** A parsed filter, and a sentence for each ignored part. */
export interface ParsedLogFilter {
  readonly filter: LogFilter;
  readonly warnings: readonly string[];
}

const verbosities: Readonly<Record<string, Verbosity>> = {
  off: 0,
  error: 1,
  warn: 2,
  info: 3,
  debug: 4,
  trace: 5,
};
const expected =
  'expected "<level>", "<target>=<level>" or "<target>" with a level of off, error, warn, info, debug, trace';
const targetPattern = /^[A-Za-z_][A-Za-z0-9_.:\/-]*$/;
const longestFilter = 4096;

/** The verbosity from which on a level is shown. */
export function verbosityOf(level: Level): Verbosity {
  return verbosities[level] ?? 0;
}

/**
 * Parses a comma list of `level`, `target=level` and `target`, as Rust's EnvFilter does but for what deploy/docs/logs.md
 * names. Never throws: a bad directive is ignored with a warning, and without a bare level the fallback applies, so a
 * typing error never silences the program.
 */
export function parseLogFilter(text: string | undefined, fallback: Level = "info"): ParsedLogFilter {
  const warnings: string[] = [];
  const byTarget = new Map<string, Verbosity>();
  let base: Verbosity = verbosityOf(fallback);
  if (text !== undefined && text.length > longestFilter) {
    warnings.push(
      `The log filter has ${text.length} characters, and is read up to character ${longestFilter}`,
    );
  }
  for (const part of (text ?? "").slice(0, longestFilter).split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const directive = parseDirective(part);
    if (directive === undefined) {
      const known = part.includes("[") ? "; filters by span, as [span{field}]=level, are not understood" : "";
      warnings.push(`Cannot use the log directive ${quote(part)}, ${expected}${known}`);
    } else if (directive.target === "") base = directive.verbosity;
    else byTarget.set(directive.target, directive.verbosity);
    if (directive !== undefined && looksLikeALevel(part)) {
      warnings.push(`The log directive ${quote(part)} names a target, ${expected}`);
    }
  }
  const directives = [...byTarget].map(([target, verbosity]) => ({ target, verbosity }));
  return { filter: { base, directives: directives.sort(longestTargetFirst) }, warnings };
}

/** The verbosity of a target: from the directive with the longest matching beginning, else the base. */
export function verbosityFor(filter: LogFilter, target: string): Verbosity {
  for (const directive of filter.directives) {
    if (target.startsWith(directive.target)) return directive.verbosity;
  }
  return filter.base;
}

function parseDirective(part: string): LogDirective | undefined {
  const [left = "", right, ...more] = part.split("=").map((each) => each.trim());
  if (more.length > 0) return undefined;
  if (right === undefined) {
    const verbosity = parseVerbosity(left);
    if (verbosity !== undefined) return { target: "", verbosity };
    return targetPattern.test(left) ? { target: left, verbosity: 5 } : undefined;
  }
  const verbosity = right === "" ? 5 : parseVerbosity(right);
  return verbosity === undefined || !targetPattern.test(left) ? undefined : { target: left, verbosity };
}

function parseVerbosity(text: string): Verbosity | undefined {
  if (/^[0-5]$/.test(text)) return Number(text) as Verbosity;
  const name = text.toLowerCase();
  return Object.hasOwn(verbosities, name) ? verbosities[name] : undefined;
}

function longestTargetFirst(a: LogDirective, b: LogDirective): number {
  return b.target.length - a.target.length;
}

/** "inof", "debgu", "warning": a bare word that is probably a misspelt level, though it parses as a target. */
function looksLikeALevel(part: string): boolean {
  const word = part.toLowerCase();
  if (parseVerbosity(word) !== undefined || !/^[a-z]+$/.test(word)) return false;
  return levels.some((level) => word.startsWith(level) || isAnagramOrOneOff(word, level));
}

function isAnagramOrOneOff(word: string, level: string): boolean {
  if (sortedLetters(word) === sortedLetters(level)) return true;
  if (word.length !== level.length) return false;
  return [...word].filter((letter, at) => letter !== level[at]).length === 1;
}

function sortedLetters(word: string): string {
  return [...word].sort().join("");
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

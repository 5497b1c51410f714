/**
 * What a snapshot is worth beside the older ones of its path. `partial`: something could not be read or lost its name. `empty`: no file,
 * where older ones have some. `shrunken`: less than half of an older one, or of no known size.
 */
export type SnapshotState = "whole" | "partial" | "empty" | "shrunken";

/** A snapshot that a run saved, as far as its worth goes. */
export interface SavedSnapshot {
  /** Path under which kopia files it: each path is a history of its own, whatever identity it was made under. */
  readonly path: string;
  /** What is not known, or is no count, is undefined. */
  readonly files: number | undefined;
  readonly bytes: number | undefined;
  /** Files and folders that could not be read or whose name became that of another; undefined when there were some and nobody knows how many. */
  readonly unreadable: number | undefined;
  /** A note says that it is gone from the repository. Notes can be wrong. */
  readonly isMissing: boolean;
}

/** A Backup, as far as the worth of its snapshots goes. */
export interface JudgedRun {
  readonly name: string;
  /** When it ended, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** A person said that its snapshots are as they should be. */
  readonly isAccepted: boolean;
  readonly saved: readonly SavedSnapshot[];
}

type MomentOfRun = Pick<JudgedRun, "timeMs" | "name">;

/** Orders newest first; runs that ended in the same millisecond by name, so that the order never flips. */
export function newestFirst(a: MomentOfRun, b: MomentOfRun): number {
  if (a.timeMs !== b.timeMs) return b.timeMs - a.timeMs;
  return a.name < b.name ? 1 : a.name > b.name ? -1 : 0;
}

/** What became of one snapshot. */
export interface Verdict {
  readonly state: SnapshotState;
  /** Places of the runs without which it would be judged otherwise: they are needed as long as it is there. */
  readonly restsOn: readonly number[];
}

/** Where there are fewer files, one more or less says nothing (a database with its journal): bytes decide. */
const FILES_THAT_SPEAK = 10;
const WHOLE: Verdict = { state: "whole", restsOn: [] };
/** Stands for a number that is not known, so that every known one is more. */
const UNKNOWN = -1;

/** The most that whole snapshots hold, those that hold nothing left out, and the places of the runs the numbers are from. */
class Measure {
  #files = UNKNOWN;
  #filesFrom = 0;
  #bytes = UNKNOWN;
  #bytesFrom = 0;
  /** The newest of them. */
  #filledFrom: number | undefined;

  /** Takes the greater numbers; of equal ones those of the newer run, which will be there for longer. */
  add(snapshot: SavedSnapshot, place: number): void {
    if (isEmpty(snapshot)) return;
    const { files = UNKNOWN, bytes = UNKNOWN } = snapshot;
    if (files >= this.#files) [this.#files, this.#filesFrom] = [files, place];
    if (bytes >= this.#bytes) [this.#bytes, this.#bytesFrom] = [bytes, place];
    this.#filledFrom = place;
  }

  /** Takes all that a newer one has. */
  addAll(newer: Measure): void {
    if (newer.#files >= this.#files) [this.#files, this.#filesFrom] = [newer.#files, newer.#filesFrom];
    if (newer.#bytes >= this.#bytes) [this.#bytes, this.#bytesFrom] = [newer.#bytes, newer.#bytesFrom];
    this.#filledFrom = newer.#filledFrom ?? this.#filledFrom;
  }

  /** What a snapshot is beside it. */
  verdictOn(snapshot: SavedSnapshot): Verdict {
    const filledFrom = this.#filledFrom;
    if (filledFrom === undefined) return WHOLE;
    if (isEmpty(snapshot)) return { state: "empty", restsOn: [filledFrom] };
    const { files = UNKNOWN, bytes = UNKNOWN } = snapshot;
    const [knowsFiles, knowsBytes] = [this.#files !== UNKNOWN, this.#bytes !== UNKNOWN];
    if (bytes !== UNKNOWN && bytes * 2 < this.#bytes) {
      return { state: "shrunken", restsOn: [this.#bytesFrom] };
    }
    const filesSpeak = bytes === UNKNOWN || this.#files >= FILES_THAT_SPEAK;
    if (files !== UNKNOWN && filesSpeak && files * 2 < this.#files) {
      return { state: "shrunken", restsOn: [this.#filesFrom] };
    }
    // Where one number is not known the other must be comparable.
    const byFilesAlone = knowsBytes && bytes === UNKNOWN;
    const byBytesAlone = knowsFiles && files === UNKNOWN;
    if (byFilesAlone && knowsFiles && files !== UNKNOWN) {
      return { state: "whole", restsOn: [this.#filesFrom] };
    }
    if (byBytesAlone && knowsBytes && bytes !== UNKNOWN) {
      return { state: "whole", restsOn: [this.#bytesFrom] };
    }
    if (!byFilesAlone && !byBytesAlone) return WHOLE;
    return { state: "shrunken", restsOn: [knowsBytes ? this.#bytesFrom : this.#filesFrom] };
  }
}

/** What is known of a path on the way from its oldest run to its newest. */
interface Path {
  /** Of the whole ones since a person last accepted one, that one included. */
  measure: Measure;
  /** Of all whole ones before the one a person last accepted. */
  former: Measure | undefined;
  acceptedAt: number;
  /** So many files a person accepted as unreadable. */
  allowance: number;
}

/**
 * Judges every snapshot by the whole ones of its path that are not newer and are still there (deploy/docs/retention.md
 * has an example). One that a person accepted is whole, and from it on what is older is no measure any more, and so many
 * unreadable files are none. `runs` are given newest first; the answer has their places in that order, and the verdicts
 * on what they saved in its own order. Runs all of whose snapshots are whole by themselves are left out. O(n).
 */
export function judgeSnapshots(runs: readonly JudgedRun[]): ReadonlyMap<number, readonly Verdict[]> {
  const paths = new Map<string, Path>();
  const odd = new Map<number, readonly Verdict[]>();
  for (let place = runs.length - 1; place >= 0; place--) {
    const { saved, isAccepted } = runs[place] ?? NOTHING;
    let verdicts: Verdict[] | undefined;
    for (let index = 0; index < saved.length; index++) {
      const snapshot = saved[index];
      if (snapshot === undefined) continue;
      const verdict = judge(pathOf(paths, snapshot.path), snapshot, isAccepted, place);
      if (verdict !== WHOLE) (verdicts ??= saved.map(() => WHOLE))[index] = verdict;
    }
    if (verdicts !== undefined) odd.set(place, verdicts);
  }
  return odd;
}

const NOTHING: Pick<JudgedRun, "saved" | "isAccepted"> = { saved: [], isAccepted: false };

function judge(path: Path, snapshot: SavedSnapshot, isAccepted: boolean, place: number): Verdict {
  const { measure, former, acceptedAt, allowance } = path;
  const { unreadable } = snapshot;
  if (isAccepted) {
    if (former === undefined) path.former = measure;
    else former.addAll(measure);
    path.measure = new Measure();
    path.measure.add(snapshot, place);
    path.acceptedAt = place;
    path.allowance = unreadable ?? 0;
    return WHOLE;
  }
  if (unreadable === undefined || unreadable > allowance) {
    return { state: "partial", restsOn: former === undefined ? [] : [acceptedAt] };
  }
  const verdict = measure.verdictOn(snapshot);
  if (verdict.state === "whole") measure.add(snapshot, place);
  if (former === undefined) return verdict;
  // Perhaps it would be judged otherwise without the one that was accepted.
  const isByWord = unreadable > 0 || former.verdictOn(snapshot) !== WHOLE;
  return isByWord ? { state: verdict.state, restsOn: [...verdict.restsOn, acceptedAt] } : verdict;
}

function isEmpty({ files, bytes }: SavedSnapshot): boolean {
  return files === 0 || (files === undefined && bytes === 0);
}

function pathOf(paths: Map<string, Path>, name: string): Path {
  const known = paths.get(name);
  if (known !== undefined) return known;
  const made: Path = { measure: new Measure(), former: undefined, acceptedAt: 0, allowance: 0 };
  paths.set(name, made);
  return made;
}

/**
 * The source paths of which a run holds the newest whole snapshot among `others` and itself, or, where none is whole, the
 * newest at all: what must not go without a person's word. `others` are the runs of the same recipe in the same
 * repository that are still there, those being deleted included unless their snapshots are already let go; the run itself
 * may be among them. Whether what notes call missing is there or not: what is the newest in either case counts. O(n log n).
 */
export function newestWholePaths<Run extends JudgedRun>(run: Run, others: readonly Run[]): readonly string[] {
  const holders = newestWholeHolders([run, ...others.filter(({ name }) => name !== run.name)]);
  const paths = new Set(run.saved.map(({ path }) => path));
  return [...paths].filter((path) => holders.some((each) => each.get(path) === run.name));
}

/**
 * By path, the name of the run that holds its newest whole snapshot, else its newest: as if no note of missing snapshots
 * were true, and as if all were.
 */
export function newestWholeHolders(runs: readonly JudgedRun[]): readonly ReadonlyMap<string, string>[] {
  const all = runs.toSorted(newestFirst);
  const there = withoutMissing(all);
  return there === all ? [holdersOf(all)] : [holdersOf(all), holdersOf(there)];
}

/** Takes the runs newest first. */
function holdersOf(runs: readonly JudgedRun[]): ReadonlyMap<string, string> {
  const odd = judgeSnapshots(runs);
  const whole = new Map<string, string>();
  const any = new Map<string, string>();
  for (const [place, { name, saved }] of runs.entries()) {
    for (const [index, { path }] of saved.entries()) {
      if (!any.has(path)) any.set(path, name);
      if (!whole.has(path) && stateOf(odd, place, index) === "whole") whole.set(path, name);
    }
  }
  return new Map([...any, ...whole]);
}

/** The state of one snapshot of a run, by their places. */
export function stateOf(
  odd: ReadonlyMap<number, readonly Verdict[]>,
  place: number,
  index: number,
): SnapshotState {
  return odd.get(place)?.[index]?.state ?? "whole";
}

/** The runs with only those snapshots that no note calls missing. */
export function withoutMissing<Run extends JudgedRun>(runs: readonly Run[]): readonly Run[] {
  if (!runs.some(isMissingSome)) return runs;
  return runs.map((run) =>
    isMissingSome(run) ? { ...run, saved: run.saved.filter(({ isMissing }) => !isMissing) } : run
  );
}

function isMissingSome({ saved }: JudgedRun): boolean {
  for (let index = 0; index < saved.length; index++) {
    if (saved[index]?.isMissing === true) return true;
  }
  return false;
}

/**
 * The state of a snapshot compared with the older ones of its path. `partial`: something could not be read or lost its
 * name. `empty`: no file, where older ones have some. `shrunken`: less than half of an older one, or of unknown size.
 */
export type SnapshotState = "whole" | "partial" | "empty" | "shrunken";

/** What is needed to judge a snapshot that a run saved. */
export interface SavedSnapshot {
  /** Kopia's source path. Each path has its own history, whatever identity the snapshots were made under. */
  readonly path: string;
  /** Undefined when unknown or no count. */
  readonly files: number | undefined;
  readonly bytes: number | undefined;
  /** Files and folders that could not be read or whose name another one took; undefined when some, but unknown how many. */
  readonly unreadable: number | undefined;
  /** A note says that it is gone from the repository; notes can be wrong. */
  readonly isMissing: boolean;
}

/** What is needed to judge the snapshots of a Backup. */
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

/** The state of one snapshot, and what that rests on. */
export interface SnapshotJudgement {
  readonly state: SnapshotState;
  /** Places of the runs without which the state would be another: they must be kept as long as it is. */
  readonly restsOn: readonly number[];
}

/** With fewer files than this only bytes are compared: one file more or less means little (a database's journal). */
const FILES_THAT_SPEAK = 10;
const WHOLE: SnapshotJudgement = { state: "whole", restsOn: [] };
/** An unknown number; less than every known one. */
const UNKNOWN = -1;

/** The largest numbers of the whole, non-empty snapshots, and the places of the runs they are from. */
class Measure {
  #files = UNKNOWN;
  #filesFrom = 0;
  #bytes = UNKNOWN;
  #bytesFrom = 0;
  /** The newest of them. */
  #filledFrom: number | undefined;

  /** Takes the larger numbers; of equal ones those of the newer run, which stays longer. */
  add(snapshot: SavedSnapshot, place: number): void {
    if (isEmpty(snapshot)) return;
    const { files = UNKNOWN, bytes = UNKNOWN } = snapshot;
    if (files >= this.#files) [this.#files, this.#filesFrom] = [files, place];
    if (bytes >= this.#bytes) [this.#bytes, this.#bytesFrom] = [bytes, place];
    this.#filledFrom = place;
  }

  /** Adds the numbers of a newer measure. */
  addAll(newer: Measure): void {
    if (newer.#files >= this.#files) [this.#files, this.#filesFrom] = [newer.#files, newer.#filesFrom];
    if (newer.#bytes >= this.#bytes) [this.#bytes, this.#bytesFrom] = [newer.#bytes, newer.#bytesFrom];
    this.#filledFrom = newer.#filledFrom ?? this.#filledFrom;
  }

  /** Judges a snapshot by this measure. */
  judge(snapshot: SavedSnapshot): SnapshotJudgement {
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
    // Where one number is unknown, the other must be comparable.
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

/** The state of a path while its runs are read from the oldest to the newest. */
interface Path {
  /** Of the whole snapshots since the one a person last accepted, that one included. */
  measure: Measure;
  /** Of the whole snapshots before that one. */
  former: Measure | undefined;
  acceptedAt: number;
  /** The number of unreadable files that a person accepted. */
  allowance: number;
}

/**
 * Judges every snapshot by the whole ones of its path that are older and still there (deploy/docs/retention.md has an
 * example). A snapshot that a person accepted is whole; later ones are compared only with it and those after it, and as
 * many unreadable files as it has count as none. `runs` are newest first. The result maps the place of a run to the
 * judgements on its snapshots, in their order; runs whose snapshots are all whole by themselves are left out. O(n).
 */
export function judgeSnapshots(
  runs: readonly JudgedRun[],
): ReadonlyMap<number, readonly SnapshotJudgement[]> {
  const paths = new Map<string, Path>();
  const odd = new Map<number, readonly SnapshotJudgement[]>();
  for (let place = runs.length - 1; place >= 0; place--) {
    const { saved, isAccepted } = runs[place] ?? NOTHING;
    let judgements: SnapshotJudgement[] | undefined;
    for (let index = 0; index < saved.length; index++) {
      const snapshot = saved[index];
      if (snapshot === undefined) continue;
      const judgement = judge(pathOf(paths, snapshot.path), snapshot, isAccepted, place);
      if (judgement !== WHOLE) (judgements ??= saved.map(() => WHOLE))[index] = judgement;
    }
    if (judgements !== undefined) odd.set(place, judgements);
  }
  return odd;
}

const NOTHING: Pick<JudgedRun, "saved" | "isAccepted"> = { saved: [], isAccepted: false };

function judge(path: Path, snapshot: SavedSnapshot, isAccepted: boolean, place: number): SnapshotJudgement {
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
  const judgement = measure.judge(snapshot);
  if (judgement.state === "whole") measure.add(snapshot, place);
  if (former === undefined) return judgement;
  // It may owe its state to the accepted one, which must then be kept.
  const isByWord = unreadable > 0 || former.judge(snapshot) !== WHOLE;
  return isByWord ? { state: judgement.state, restsOn: [...judgement.restsOn, acceptedAt] } : judgement;
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
 * The source paths whose newest whole snapshot (or, where none is whole, newest snapshot) is of this run: they must not
 * be deleted without a person's confirmation. `others` are the runs of the same recipe in the same repository, also
 * those being deleted unless their snapshots were already released; the run itself may be among them. Notes of missing
 * snapshots can be wrong, so a path counts if it does with or without them. O(n log n).
 */
export function newestWholePaths<Run extends JudgedRun>(run: Run, others: readonly Run[]): readonly string[] {
  const newest = newestWholeRuns([run, ...others.filter(({ name }) => name !== run.name)]);
  const paths = new Set(run.saved.map(({ path }) => path));
  return [...paths].filter((path) => newest.some((each) => each.get(path) === run.name));
}

/**
 * By path, the name of the run with its newest whole snapshot, else its newest. Two maps where they may differ: one that
 * ignores the notes of missing snapshots, and one that believes them.
 */
export function newestWholeRuns(runs: readonly JudgedRun[]): readonly ReadonlyMap<string, string>[] {
  const all = runs.toSorted(newestFirst);
  const there = withoutMissing(all);
  return there === all ? [newestWholeByPath(all)] : [newestWholeByPath(all), newestWholeByPath(there)];
}

/** `runs` are newest first. */
function newestWholeByPath(runs: readonly JudgedRun[]): ReadonlyMap<string, string> {
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

/** The state of one snapshot, by the place of its run and its index there. */
export function stateOf(
  odd: ReadonlyMap<number, readonly SnapshotJudgement[]>,
  place: number,
  index: number,
): SnapshotState {
  return odd.get(place)?.[index]?.state ?? "whole";
}

/** The runs without the snapshots that a note calls missing. */
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

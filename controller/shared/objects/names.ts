import { createHash } from "node:crypto";

/** The first hex digits of the SHA-256 of a text. */
export function shortHash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

const LONGEST_LABEL_VALUE = 63;
const HASH_LENGTH = 8;

/**
 * The name of an object as a label value: the name itself, or, as names may have 253 characters and label
 * values 63, its beginning and a hash of the whole. Writers and selectors of a label both use this.
 */
export function labelValue(name: string): string {
  if (name.length <= LONGEST_LABEL_VALUE) return name;
  const head = name.slice(0, LONGEST_LABEL_VALUE - HASH_LENGTH - 1).replace(/[^a-zA-Z0-9]+$/, "");
  return `${head}-${shortHash(name, HASH_LENGTH)}`;
}

const TAIL = new RegExp(`-(\\d+)-([0-9a-f]{${HASH_LENGTH}})$`);

/** The owner of a mover Job; an object that is created again under its name has another uid. */
interface JobOwner {
  readonly name: string;
  readonly uid: string;
}

/** The hash at the end of a mover Job's name: of its owner, operation, source and number. */
export function jobHash({ uid, name }: JobOwner, kind: string, what: string, number: number): string {
  return shortHash(JSON.stringify([uid, name, kind, what, number]), HASH_LENGTH);
}

/** The number in the name of a mover Job; undefined for another name. */
export function numberOfJob(jobName: string): number | undefined {
  const [, number] = TAIL.exec(jobName) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Whose mover backed up a source, by the name of its Job; `unknown` when that is no mover Job's name. */
export function ownerOfBackupJob(
  jobName: string,
  owner: JobOwner,
  source: string,
): "own" | "another" | "unknown" {
  const [, number, hash] = TAIL.exec(jobName) ?? [];
  if (number === undefined) return "unknown";
  return jobHash(owner, "backup", source, Number(number)) === hash ? "own" : "another";
}

/** A slot in the name of a Backup: its moment in UTC, to the second. */
const STAMP_LENGTH = "-20260102030405".length;

/** The slot in the name of a Backup; undefined for a name without one. Fast, as it is called for every Backup. */
export function slotOfRun(name: string): number | undefined {
  const stamp = name.slice(1 - STAMP_LENGTH);
  if (stamp.length !== STAMP_LENGTH - 1 || name.at(-STAMP_LENGTH) !== "-" || !/^\d+$/.test(stamp)) {
    return undefined;
  }
  const part = (from: number, to: number) => Number(stamp.slice(from, to));
  const month = part(4, 6);
  if (month < 1 || month > 12) return undefined;
  return Date.UTC(part(0, 4), month - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14));
}

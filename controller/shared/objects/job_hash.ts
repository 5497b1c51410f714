import { shortHash } from "./short_hash.ts";

const LENGTH = 8;
const TAIL = new RegExp(`-(\\d+)-([0-9a-f]{${LENGTH}})$`);

/** Who has a mover Job made; an object that is made again under its name has another uid. */
export interface JobOwner {
  readonly name: string;
  readonly uid: string;
}

/** The hash at the end of the name of a mover Job: over whose it is, the kind of its work, its word and its number. */
export function jobHash({ uid, name }: JobOwner, kind: string, what: string, number: number): string {
  return shortHash(JSON.stringify([uid, name, kind, what, number]), LENGTH);
}

/** Whose mover backed a source up, by the name of its Job; `unknown` where that is no name of a mover Job. */
export function ownerOfBackupJob(
  jobName: string,
  owner: JobOwner,
  source: string,
): "own" | "another" | "unknown" {
  const [, number, hash] = TAIL.exec(jobName) ?? [];
  if (number === undefined) return "unknown";
  return jobHash(owner, "backup", source, Number(number)) === hash ? "own" : "another";
}

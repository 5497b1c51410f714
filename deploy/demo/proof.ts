/** What kopia itself says, asked past kopiur. */
export interface Proof {
  /** Its list of snapshots. */
  readonly list: string;
  /** Files of the snapshot, restored and found byte-identical to the volume's. */
  readonly files: number;
}

const lastLine = /^byte-identical files: ([0-9]+)$/;

/**
 * Reads what the pod of the proof printed. Throws when kopia does not list the snapshot, or when it was not restored
 * with every file of the backup, equal to the volume's.
 */
export function readProof(log: string, expected: { readonly id: string; readonly files: number }): Proof {
  const lines = log.trimEnd().split("\n");
  const found = lastLine.exec(lines.at(-1) ?? "");
  const list = lines.slice(0, -1);
  if (found === null) {
    throw new Error(`Cannot prove the backup: the restored files were not compared, the pod printed: ${log}`);
  }
  if (!list.some((line) => line.split(/\s+/).includes(`manifest:${expected.id}`))) {
    throw new Error(
      `Cannot prove the backup: kopia does not list the snapshot "${expected.id}", its list is: ${
        list.join("\n")
      }`,
    );
  }
  const files = Number(found[1]);
  if (files !== expected.files || files === 0) {
    throw new Error(
      `Cannot prove the backup: kopia restored ${files} files, expected the ${expected.files} of the backup`,
    );
  }
  return { list: list.join("\n"), files };
}

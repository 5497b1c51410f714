import assert from "node:assert/strict";
import { readProgress, withoutMark } from "./progress.ts";

const lines = [
  [" | 1 hashing, 0 hashed (1 B), 0 cached (0 B), uploaded 0 B, estimating...", "0 hashed (1 B)", ""],
  [" * 0 hashing, 6 hashed (15 B), 3 cached (1.5 GB), uploaded 186 B, estimating...    ", "1.5 GB", ""],
  [
    " - 2 hashing, 51 hashed (3.2 GB), 9 cached (1 MB), uploaded 2.9 GB (3 fatal errors) (1 errors ignored), " +
    "estimated 90 GB (3.6%) 1h2m3s left",
    "uploaded 2.9 GB",
    "",
  ],
  [
    " / 1 hashing, 0 hashed (1 B), 0 cached (0 B), uploaded 0 B, estimating...async write error: x",
    "1 hashing",
    "async write error: x",
  ],
] as const;

Deno.test("readProgress() reads kopia's figures and what is said behind them", () => {
  for (const [line, figures, rest] of lines) {
    const progress = readProgress(line);
    assert.ok(progress?.figures.includes(figures), line);
    assert.equal(progress?.rest, rest);
  }
});

Deno.test("readProgress() reads the figures as numbers, in the units kopia prints", () => {
  const counts = lines.map(([line]) => readProgress(line)?.counts);
  const none = { filesCached: 0, bytesCached: 0, bytesUploaded: 0, errors: 0 };
  assert.deepEqual(counts, [
    { ...none, filesHashed: 0, bytesHashed: 1 },
    {
      ...{ filesHashed: 6, bytesHashed: 15, filesCached: 3, bytesCached: 1_500_000_000 },
      ...{ bytesUploaded: 186, errors: 0 },
    },
    {
      ...{ filesHashed: 51, bytesHashed: 3_200_000_000, filesCached: 9, bytesCached: 1_000_000 },
      ...{ bytesUploaded: 2_900_000_000, errors: 4, bytesUsed: 90_000_000_000 },
    },
    { ...none, filesHashed: 0, bytesHashed: 1 },
  ]);
  const base2 = " | 1 hashing, 0 hashed (1.5 MiB), 2 cached (1 GiB), uploaded 512 KiB, estimating...";
  assert.deepEqual(readProgress(base2)?.counts, {
    ...{ filesHashed: 0, bytesHashed: 1_572_864, filesCached: 2, bytesCached: 1_073_741_824 },
    ...{ bytesUploaded: 524_288, errors: 0 },
  });
});

Deno.test("readProgress() never makes a number that cannot be kept of what a file is called", () => {
  const nines = "9".repeat(400);
  for (const [hashed, files] of [[`${nines} EB`, "1"], ["1.2.3 GB", nines], [". B", "0"], ["1 EiB", "7"]]) {
    const line =
      ` | 1 hashing, ${files} hashed (${hashed}), 0 cached (0 B), uploaded 0 B, estimated 1 EB (0.1%) 1s left`;
    for (const count of Object.values(readProgress(line)?.counts ?? assert.fail(line))) {
      assert.ok(Number.isSafeInteger(count) && count >= 0, `${line}: ${count}`);
    }
  }
});

Deno.test("readProgress() sees a large file move that is but a thousandth further", () => {
  const at = (percent: string) =>
    readProgress(
      ` | 1 hashing, 0 hashed (1.2 TB), 0 cached (0 B), uploaded 1.1 TB, estimated 3.6 TB (${percent}%) 9h left`,
    )?.figures;
  assert.notEqual(at("33.4"), at("33.5"));
  assert.equal(at("33.4"), at("33.4"));
});

Deno.test("readProgress() has more patience the more a figure is rounded", () => {
  const patience = (hashed: string, uploaded: string) =>
    readProgress(` | 1 hashing, 0 hashed (${hashed}), 0 cached (0 B), uploaded ${uploaded}, estimating...`)
      ?.patience;
  assert.equal(patience("899 MB", "0 B"), 1);
  assert.equal(patience("0.9 GB", "0 B"), 3);
  assert.equal(patience("0.9 TB", "1 GB"), 12);
  assert.equal(patience("1 B", "1.1 PiB"), 12);
});

Deno.test("readProgress() knows nothing else", () => {
  for (const line of ["", "upload error: x", " | 1 hashing", '[STORAGE] PutBlob {"a":1}']) {
    assert.equal(readProgress(line), undefined, line);
  }
});

Deno.test("withoutMark() takes off the mark in front of one file's trouble alone", () => {
  assert.equal(withoutMark(' ! Error when processing "a": x'), 'Error when processing "a": x');
  assert.equal(
    withoutMark(' ! Ignored error when processing "a": x'),
    'Ignored error when processing "a": x',
  );
  assert.equal(withoutMark(" ! a"), " ! a");
});

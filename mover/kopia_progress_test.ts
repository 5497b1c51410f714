import assert from "node:assert/strict";
import { readProgress, withoutMark } from "./kopia_progress.ts";

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

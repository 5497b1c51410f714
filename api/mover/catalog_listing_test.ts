import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import {
  CATALOG_MAX_LINE_BYTES,
  CATALOG_MAX_LOG_BYTES,
  CATALOG_MAX_SNAPSHOTS,
  type CatalogDigest,
  catalogDigest,
  type CatalogEntry,
  decodeCatalog,
  encodeCatalog,
} from "./catalog_listing.ts";

const WHOLE = { isWhole: true } as const;

function anEntry(number: number, parts: Partial<CatalogEntry> = {}): CatalogEntry {
  const time = new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString();
  return {
    id: createHash("sha256").update(String(number)).digest("hex").slice(0, 32),
    username: "nas",
    hostname: "home",
    path: "/data",
    startTime: time,
    endTime: time,
    sizeBytes: number,
    files: number,
    ...parts,
  };
}

function entries(howMany: number, parts: Partial<CatalogEntry> = {}): readonly CatalogEntry[] {
  return Array.from({ length: howMany }, (_, number) => anEntry(number, parts));
}

/** A text gzip can do little about. */
function noise(seed: number, length: number): string {
  let text = "";
  for (let at = 0; text.length < length; at++) {
    text += createHash("sha512").update(`${seed} ${at}`).digest("base64");
  }
  return text.slice(0, length);
}

function digestOf(packed: Uint8Array, parts: Partial<CatalogDigest> = {}): CatalogDigest {
  const sha256 = createHash("sha256").update(packed).digest("hex");
  return { lines: 1, snapshots: 1, sha256, truncated: false, ...parts };
}

function lineOf(packed: Uint8Array): string {
  return `kopiur-catalog 1 ${packed.toBase64()}`;
}

function whyOf(logText: string, digest: CatalogDigest): string {
  const read = decodeCatalog(logText, digest);
  assert.equal(read.kind, "unreadable");
  return read.kind === "unreadable" ? read.why : "";
}

const anyTime = fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());
const anyEntry: fc.Arbitrary<CatalogEntry> = fc.record({
  id: fc.stringMatching(/^[0-9A-Za-z]{1,40}$/),
  username: fc.string({ unit: "binary" }),
  hostname: fc.string(),
  path: fc.string({ unit: "grapheme" }),
  startTime: anyTime,
  endTime: anyTime,
  sizeBytes: fc.maxSafeNat(),
  files: fc.maxSafeNat(),
  runId: fc.uuid(),
  description: fc.string({ unit: "binary" }),
}, {
  requiredKeys: ["id", "username", "hostname", "path", "startTime", "endTime", "sizeBytes", "files"],
});

Deno.test("decodeCatalog() reads what encodeCatalog() wrote, whatever is logged around and between", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anyEntry, { selector: ({ id }) => id }),
      fc.string(),
      fc.constantFrom("\n", "\r\n"),
      (snapshots, said, lineEnd) => {
        const { lines, digest } = encodeCatalog(snapshots, WHOLE);
        const log = ["2026-01-01 INFO before", ...lines, said, "after"].join(lineEnd);
        const read = decodeCatalog(log, catalogDigest.parse(JSON.parse(JSON.stringify(digest))));
        assert.equal(read.kind, "listing");
        if (read.kind !== "listing") return;
        const byId = (a: CatalogEntry, b: CatalogEntry) => a.id < b.id ? -1 : 1;
        assert.deepEqual([...read.entries].sort(byId), snapshots.map((each) => ({ ...each })).sort(byId));
        assert.equal(read.truncated, false);
      },
    ),
  );
});

Deno.test("encodeCatalog() sorts newest first, and says the same whatever order it is given", () => {
  const forwards = encodeCatalog(entries(20), WHOLE);
  assert.deepEqual(encodeCatalog([...entries(20)].reverse(), WHOLE), forwards);
  const read = decodeCatalog(forwards.lines.join("\n"), forwards.digest);
  assert.ok(read.kind === "listing");
  assert.deepEqual(read.entries.map(({ files }) => files), entries(20).map(({ files }) => files).reverse());
});

Deno.test("encodeCatalog() lists a snapshot of unknown size, which is not one of size 0", () => {
  const { sizeBytes: _, files: __, ...unknown } = anEntry(1);
  const { lines, digest } = encodeCatalog([unknown, anEntry(0)], WHOLE);
  const listing = decodeCatalog(lines.join("\n"), digest);
  assert.deepEqual(listing.kind === "listing" && listing.entries, [unknown, anEntry(0)]);
});

Deno.test("encodeCatalog() lists nothing in one line", () => {
  const { lines, digest } = encodeCatalog([], WHOLE);
  assert.equal(lines.length, 1);
  assert.deepEqual(decodeCatalog(lines.join("\n"), digest), {
    kind: "listing",
    entries: [],
    truncated: false,
  });
});

Deno.test("encodeCatalog() keeps the newest snapshots, says so, and stays far below its limits", () => {
  const { lines, digest } = encodeCatalog(entries(CATALOG_MAX_SNAPSHOTS + 1), WHOLE);
  assert.equal(digest.snapshots, CATALOG_MAX_SNAPSHOTS);
  assert.equal(digest.truncated, true);
  assert.ok(lines.every((line) => line.length < CATALOG_MAX_LINE_BYTES));
  const log = lines.join("\n");
  assert.ok(log.length < CATALOG_MAX_LOG_BYTES / 8, `${log.length} bytes`);
  const read = decodeCatalog(log, digest);
  assert.ok(read.kind === "listing" && read.truncated);
  assert.equal(read.entries.at(-1)?.files, 1);
  assert.equal(encodeCatalog(entries(3), { isWhole: false }).digest.truncated, true);
  assert.equal(encodeCatalog(entries(CATALOG_MAX_SNAPSHOTS), WHOLE).digest.truncated, false);
});

Deno.test("encodeCatalog() leaves out the oldest when paths are too long for a log", () => {
  const long = Array.from(
    { length: 2000 },
    (_, number) => anEntry(number, { path: `/${noise(number, 4000)}` }),
  );
  const { lines, digest } = encodeCatalog(long, WHOLE);
  const log = lines.join("\n");
  assert.ok(log.length < CATALOG_MAX_LOG_BYTES * 0.8, `${log.length} bytes`);
  assert.ok(digest.truncated && digest.snapshots >= 250 && digest.snapshots < 2000, String(digest.snapshots));
  const read = decodeCatalog(log, digest);
  assert.ok(read.kind === "listing");
  assert.equal(read.entries[0]?.files, 1999);
});

Deno.test("decodeCatalog() takes the last of several lines of one number, for a listing is written last", () => {
  const { lines, digest } = encodeCatalog(entries(3), WHOLE);
  const forged = lineOf(gzipSync("[]"));
  assert.equal(decodeCatalog([forged, ...lines].join("\n"), digest).kind, "listing");
  assert.match(whyOf([...lines, forged].join("\n"), digest), /do not add up to its SHA-256/);
});

Deno.test("decodeCatalog() says why a log does not hold its listing", () => {
  const long = encodeCatalog(
    Array.from({ length: 50 }, (_, number) => anEntry(number, { path: noise(number, 500) })),
    WHOLE,
  );
  assert.ok(long.lines.length > 2);
  const [first = "", ...rest] = long.lines;
  assert.match(whyOf("", long.digest), /^Cannot read the listing of the snapshots: [0-9]+ of its/);
  assert.match(whyOf(rest.join("\n"), long.digest), /1 of its [0-9]+ lines are not in the log$/);
  assert.match(whyOf([` ${first}`, ...rest].join("\n"), long.digest), /1 of its/);
  assert.match(whyOf(long.lines.join("\n").slice(0, -20), long.digest), /SHA-256|1 of its/);
  const shuffled = [...rest, first].map((line, index) => line.replace(/ [0-9]+ /, ` ${index + 1} `));
  assert.match(whyOf(shuffled.join("\n"), long.digest), /SHA-256/);
  const row = (id: string) =>
    JSON.stringify([[id, "u", "h", "/", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 1, 1, null, null]]);
  const cases: Readonly<Record<string, RegExp | undefined>> = {
    [row("abc")]: undefined,
    "[]": /holds 0 snapshots, expected 1/,
    "{}": /no list of snapshots/,
    "[[]]": /no list of snapshots/,
    "not json": /no list of snapshots/,
    [row("a/../b")]: /no list of snapshots/,
    [row("abc").replace(",1,1,", ",-1,1,")]: /no list of snapshots/,
    [row("abc").replace("2026-01-01T00:00:00Z", "yesterday")]: /no list of snapshots/,
    [`[${"[".repeat(100_000)}`]: /no list of snapshots/,
  };
  for (const [json, want] of Object.entries(cases)) {
    const packed = gzipSync(json);
    const read = decodeCatalog(lineOf(packed), digestOf(packed));
    if (want === undefined) assert.equal(read.kind, "listing", json);
    else assert.match(whyOf(lineOf(packed), digestOf(packed)), want, json.slice(0, 80));
  }
});

Deno.test("decodeCatalog() refuses what is no gzip, or grows beyond all measure", () => {
  const plain = new TextEncoder().encode("plain");
  assert.match(whyOf(lineOf(plain), digestOf(plain)), /no list of snapshots/);
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  const letters = bomb.toBase64();
  const lines = Array.from(
    { length: Math.ceil(letters.length / 8000) },
    (_, index) => `kopiur-catalog ${index + 1} ${letters.slice(index * 8000, (index + 1) * 8000)}`,
  );
  assert.match(whyOf(lines.join("\n"), digestOf(bomb, { lines: lines.length })), /no list of snapshots/);
});

Deno.test("decodeCatalog() never throws, whatever a log says", () => {
  const digest = encodeCatalog(entries(3), WHOLE).digest;
  const hostile = fc.array(fc.oneof(
    fc.string({ unit: "binary" }),
    fc.tuple(fc.integer({ min: -1, max: 99999 }), fc.base64String()).map(([number, letters]) =>
      `kopiur-catalog ${number} ${letters}`
    ),
  ));
  fc.assert(
    fc.property(hostile, (log) => assert.equal(decodeCatalog(log.join("\n"), digest).kind, "unreadable")),
  );
});

Deno.test("catalogDigest refuses numbers that would make the reader work without end", () => {
  const { digest } = encodeCatalog(entries(3), WHOLE);
  assert.deepEqual(catalogDigest.parse(digest), digest);
  for (
    const wrong of [{ lines: 0 }, { lines: 1e9 }, { snapshots: 1e9 }, { sha256: "../.." }, { truncated: 1 }]
  ) {
    assert.equal(catalogDigest.safeParse({ ...digest, ...wrong }).success, false, JSON.stringify(wrong));
  }
});

Deno.test("a catalog carries what a run tagged its snapshots with, and what they lack", () => {
  const tagged = anEntry(1, { runId: "uid", config: "apps/recipe", backup: "apps/nightly-1", unreadable: 3 });
  const { lines, digest } = encodeCatalog([tagged, anEntry(0)], WHOLE);
  assert.deepEqual(decodeCatalog(lines.join("\n"), digest), {
    kind: "listing",
    entries: [tagged, anEntry(0)],
    truncated: false,
  });
});

Deno.test("a catalog of a mover of an older release is read", () => {
  const { id, username, hostname, path, startTime, endTime, sizeBytes, files } = anEntry(1);
  const row = [id, username, hostname, path, startTime, endTime, sizeBytes, files, "uid", null];
  const packed = gzipSync(JSON.stringify([row]));
  const read = decodeCatalog(lineOf(packed), digestOf(packed));
  assert.deepEqual(read.kind === "listing" ? read.entries : read, [anEntry(1, { runId: "uid" })]);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { cutToBytes, NOTE_BYTES, textShape } from "./event_text.ts";

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

Deno.test("cutToBytes() leaves a text that fits", () => {
  assert.equal(cutToBytes("é".repeat(512), NOTE_BYTES), "é".repeat(512));
});

Deno.test("cutToBytes() cuts between characters", () => {
  const cut = cutToBytes(`${"a".repeat(1019)}🦕🦕`, NOTE_BYTES);
  assert.equal(cut, `${"a".repeat(1019)}…`);
});

Deno.test("cutToBytes() gives valid text within the limit that begins as the original does", () => {
  const unit = fc.constantFrom("a", "é", "…", "🦕", "\ud800", "\n");
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), fc.integer({ min: 3, max: 100 }), (text, bytes) => {
      const cut = cutToBytes(text, bytes);
      const whole = text.toWellFormed();
      assert.ok(byteLength(cut) <= bytes);
      assert.ok(cut.isWellFormed());
      if (byteLength(whole) <= bytes) assert.equal(cut, whole);
      else assert.ok(cut.endsWith("…") && whole.startsWith(cut.slice(0, -1)));
    }),
  );
});

Deno.test("textShape() is the same for texts that differ in numbers and ids only", () => {
  const shape = textShape("snapshot k7f3a9 took 12.5 s at 2026-01-02T03:04:05Z");
  assert.equal(textShape("snapshot k11b02 took 7.25 s at 2026-11-22T13:14:15Z"), shape);
  assert.notEqual(textShape("snapshot k7f3a9 failed"), shape);
});

Deno.test("textShape() keeps names in quotes apart, and nothing else in quotes", () => {
  const made = (name: string) => textShape(`Made Backup "${name}" for the slot 2026-01-02T03:00:00Z`);
  assert.notEqual(made("nightly-29012340"), made("nightly-29012341"));
  const refused = (url: string) => textShape(`Get "https://bucket/${url}": dial tcp 10.0.0.1:443`);
  assert.equal(refused("p0a1"), refused("p7"));
});

Deno.test("textShape() takes an id in quotes for no name, or each try would be another message", () => {
  const failed = (blob: string) => textShape(`unable to read blob "${blob}": 502`);
  assert.equal(failed("pa1b2c3d4"), failed("pf9e8d7c6"));
  assert.equal(failed("q00ff11ee-s0a1b2c3d"), failed("q11aa22bb-s9f8e7d6c"));
  assert.notEqual(failed("photos-xl4fd"), failed("photos-k2m9q"));
});

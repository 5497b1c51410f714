import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../../api/mod.ts";
import { aBackup } from "../../../tests/support/mod.ts";
import { missingIds, type MissingNote, missingNote, missingNoteText } from "./missing_note.ts";

function read(text: string) {
  return missingNote(aBackup({ metadata: { annotations: { [ANNOTATION.snapshotMissing]: text } } }));
}

const note: MissingNote = { at: "2026-01-01T00:00:00.000Z", ids: ["k1", "k2"] };

Deno.test("missingNote() reads what missingNoteText() wrote", () => {
  const someIds = fc.array(fc.string());
  const someTime = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01T00:00:00Z") });
  fc.assert(fc.property(someTime, someIds, (time, ids) => {
    const written = { at: time.toISOString(), ids };
    assert.deepEqual(read(missingNoteText(written)), written);
    assert.deepEqual(missingIds(read(missingNoteText(written))), ids);
  }));
});

Deno.test("missingNote() is undefined without a note, which names no snapshot", () => {
  assert.equal(missingNote(aBackup()), undefined);
  assert.deepEqual(missingIds(undefined), []);
});

Deno.test("missingNote() of a text that was spoilt names no snapshot at all", () => {
  const spoilt = [
    ...["", "k1", "true", "null", "[]", "{}", "{", '["k1"]', '{"ids": ["k1"]}', '{"ids": "k1"}'],
    ...['{"at":"yesterday","ids":["k1"]}', '{"at":"2026-01-01T00:00:00Z","ids":["k1",1]}'],
    ...['{"at":"2026-01-01T00:00:00Z"}', '{"at":1,"ids":["k1"]}'],
  ];
  for (const text of spoilt) assert.equal(read(text), "unreadable", text);
  assert.deepEqual(missingIds("unreadable"), []);
});

Deno.test("missingNote() of any text, or of a note that was cut, never names a snapshot the note did not", () => {
  const whole = missingNoteText(note);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), fc.nat(whole.length), (any, cut) => {
    assert.ok(missingIds(read(any)).every((id) => any.includes(JSON.stringify(id).slice(1, -1))));
    const ids = missingIds(read(whole.slice(0, cut)));
    assert.deepEqual(ids, cut === whole.length ? note.ids : []);
  }));
});

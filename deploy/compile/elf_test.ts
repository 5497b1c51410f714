import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { parseElfHeader } from "./elf.ts";

function aHeader(machine: number, sectionsAt: bigint, size: number, count: number): Uint8Array {
  const header = new Uint8Array(64);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x7f454c46);
  header.set([2, 1], 4);
  view.setUint16(0x12, machine, true);
  view.setBigUint64(0x28, sectionsAt, true);
  view.setUint16(0x3a, size, true);
  view.setUint16(0x3c, count, true);
  return header;
}

Deno.test("parseElfHeader() tells the machine and where the linked file ends", () => {
  deepEqual(parseElfHeader(aHeader(0x3e, 92_181_992n, 64, 30)), {
    machine: "x86_64",
    linkedBytes: 92_183_912,
  });
  equal(parseElfHeader(aHeader(0xb7, 0n, 64, 0))?.machine, "aarch64");
  deepEqual(parseElfHeader(aHeader(0x28, 0n, 0, 0)), { machine: undefined, linkedBytes: 0 });
});

Deno.test("parseElfHeader() reads the program that runs this test", async () => {
  using file = await Deno.open(Deno.execPath());
  const head = new Uint8Array(64);
  await file.read(head);
  equal(parseElfHeader(head)?.machine, Deno.build.arch);
});

Deno.test("parseElfHeader() refuses what is no 64-bit little-endian ELF file, and never throws", () => {
  equal(parseElfHeader(aHeader(0x3e, 1n, 1, 1).subarray(0, 63)), undefined);
  const bits32 = aHeader(0x3e, 1n, 1, 1);
  bits32[4] = 1;
  equal(parseElfHeader(bits32), undefined);
  equal(parseElfHeader(new TextEncoder().encode("#!/bin/sh".padEnd(80))), undefined);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void parseElfHeader(bytes)));
});

/** Processors this project compiles for. */
export type Machine = "x86_64" | "aarch64";

const MACHINES: Readonly<Record<number, Machine>> = { 0x3e: "x86_64", 0xb7: "aarch64" };
const HEADER_BYTES = 64;

/** What the header of a 64-bit little-endian ELF file says of itself. */
export interface ElfHeader {
  /** Undefined for a processor this project does not compile for. */
  readonly machine: Machine | undefined;
  /** Bytes up to the end of the section headers, which end a linked file; what follows was appended to it. */
  readonly linkedBytes: number;
}

/** Reads the ELF header at the start of a file; undefined when there is none, or one of another shape. */
export function parseElfHeader(file: Uint8Array): ElfHeader | undefined {
  if (file.length < HEADER_BYTES) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isElf64LittleEndian = view.getUint32(0) === 0x7f454c46 && view.getUint8(4) === 2 &&
    view.getUint8(5) === 1;
  if (!isElf64LittleEndian) return undefined;
  const sectionHeadersAt = Number(view.getBigUint64(0x28, true));
  const sectionHeaderBytes = view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
  return {
    machine: MACHINES[view.getUint16(0x12, true)],
    linkedBytes: sectionHeadersAt + sectionHeaderBytes,
  };
}

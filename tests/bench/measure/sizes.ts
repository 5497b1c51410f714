import { parseElfHeader } from "../../../deploy/compile/elf.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import type { Workbench } from "../workbench.ts";

/** How much larger binary and image are than what they are made of. */
export async function measureSizes(bench: Workbench): Promise<readonly Figure[]> {
  const binary = await bench.binary();
  const { binaryBytes, runtimeBytes } = await binarySizes(binary);
  const image = await bench.image();
  return [
    figureOf(
      { what: "binary", against: "denort alone", unit: "ratio", aim: { atMost: 1.05 } },
      [binaryBytes / runtimeBytes],
      `${megabytes(binaryBytes)} to ${megabytes(runtimeBytes)}`,
    ),
    figureOf(
      { what: "image", against: "binary + kopia", unit: "ratio", aim: { atMost: 1.15 } },
      [image.sizeBytes / image.programBytes],
      `${megabytes(image.sizeBytes)} to ${megabytes(image.programBytes)}`,
    ),
  ];
}

/** The runtime is the linked head of the binary: what was compiled in is appended to it. */
async function binarySizes(
  path: string,
): Promise<{ readonly binaryBytes: number; readonly runtimeBytes: number }> {
  using file = await Deno.open(path);
  const head = new Uint8Array(64);
  await file.read(head);
  const runtimeBytes = parseElfHeader(head)?.linkedBytes;
  const binaryBytes = (await file.stat()).size;
  if (runtimeBytes !== undefined && runtimeBytes < binaryBytes) return { binaryBytes, runtimeBytes };
  throw new Error(
    `Cannot measure "${path}": its head says ${runtimeBytes} bytes, expected less than ${binaryBytes}`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

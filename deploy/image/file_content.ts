import type { TarContent } from "./tar.ts";

/** The content of a file on disk, streamed when it is needed. */
export function fileContent(path: string): TarContent {
  return { size: Deno.statSync(path).size, stream: () => readChunks(path) };
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  yield* file.readable.values({ preventCancel: true });
}

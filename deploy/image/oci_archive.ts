import { createHash } from "node:crypto";
import { type TarEntry, tarStream } from "./tar.ts";

/** How containers of an image are started. */
export interface ImageConfig {
  readonly architecture: "amd64" | "arm64";
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  readonly user?: string;
  readonly workingDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Port and protocol, as "8080/tcp". */
  readonly exposedPorts?: readonly string[];
  /** RFC 3339; the epoch when left out, so that equal input gives equal bytes. */
  readonly created?: string;
}

/** An image: a full name with its tag, its layers from the lowest up, its configuration. */
export interface Image {
  readonly name: string;
  readonly layers: readonly (readonly TarEntry[])[];
  readonly config: ImageConfig;
}

/** What an image is called. */
export interface ImageName {
  readonly name: string;
  /** The manifest's digest, "sha256:…": what a registry would call the image. */
  readonly digest: string;
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly stream: () => AsyncIterable<Uint8Array>;
}

const encoder = new TextEncoder();
const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
} as const;

/** An archive whose every byte is settled, for what it was made of has been read once. */
export interface OciArchive extends ImageName {
  /** Equal for archives of equal bytes, "sha256:…". */
  readonly fingerprint: string;
  /** Writes it; the files of its layers are read a second time, and one that changed meanwhile is an error. */
  write(path: string): Promise<void>;
}

/**
 * Writes the image to `path` as an OCI archive that `ctr images import`, `docker load`, `podman load` and skopeo
 * take. Equal input gives equal bytes. Files are streamed: a layer is read twice, once to learn its digest.
 */
export async function writeOciArchive(path: string, image: Image): Promise<ImageName> {
  const archive = await ociArchive(image);
  await archive.write(path);
  const { name, digest } = archive;
  return { name, digest };
}

/** Reads what the image is made of and answers with the archive it gives, not yet written. */
export async function ociArchive(image: Image): Promise<OciArchive> {
  const layers: Blob[] = [];
  for (const entries of image.layers) layers.push(await layerBlob(entries));
  const config = await jsonBlob(mediaTypes.config, imageConfig(image.config, layers));
  const manifest = await jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(config),
    layers: layers.map(descriptor),
  });
  const documents = archiveDocuments(image.name, manifest, dockerManifest(image.name, config, layers));
  const entries = [...documents, ...blobEntries([manifest, config, ...layers])];
  return {
    name: image.name,
    digest: manifest.digest,
    // The documents name every blob by its digest.
    fingerprint: (await measure(tarStream(documents))).digest,
    write: (path) => writeTar(path, entries),
  };
}

async function writeTar(path: string, entries: readonly TarEntry[]): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  for await (const chunk of tarStream(entries)) {
    for (let written = 0; written < chunk.length;) written += await file.write(chunk.subarray(written));
  }
}

async function layerBlob(entries: readonly TarEntry[]): Promise<Blob> {
  const stream = () => tarStream(entries);
  return { mediaType: mediaTypes.layer, ...await measure(stream()), stream };
}

async function jsonBlob(mediaType: string, value: unknown): Promise<Blob> {
  const bytes = encoder.encode(JSON.stringify(value));
  const stream = () => once(bytes);
  return { mediaType, ...await measure(stream()), stream };
}

function imageConfig(config: ImageConfig, layers: readonly Blob[]): unknown {
  return {
    created: config.created ?? "1970-01-01T00:00:00Z",
    architecture: config.architecture,
    os: "linux",
    config: {
      ...(config.user === undefined ? {} : { User: config.user }),
      ...(config.exposedPorts === undefined
        ? {}
        : { ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])) }),
      Env: Object.entries(config.env ?? {}).map(([name, value]) => `${name}=${value}`),
      Entrypoint: config.entrypoint,
      ...(config.command === undefined ? {} : { Cmd: config.command }),
      WorkingDir: config.workingDir ?? "/",
      ...(config.labels === undefined ? {} : { Labels: config.labels }),
    },
    // The layers are not compressed, so the digest of each is also its diff id.
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.digest) },
  };
}

function descriptor({ mediaType, digest, size }: Blob) {
  return { mediaType, digest, size };
}

/** What Docker before 25 reads instead of index.json. */
function dockerManifest(name: string, config: Blob, layers: readonly Blob[]): unknown {
  return [{ Config: blobPath(config), RepoTags: [name], Layers: layers.map(blobPath) }];
}

function blobPath(blob: Blob): string {
  return `blobs/${blob.digest.replace(":", "/")}`;
}

function archiveDocuments(name: string, manifest: Blob, docker: unknown): readonly TarEntry[] {
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  if (tag === undefined) {
    throw new Error(
      `Cannot write the image "${name}": it has no tag, expected a name like "example.org/app:1.0"`,
    );
  }
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{
      ...descriptor(manifest),
      annotations: { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag },
    }],
  };
  return [
    jsonFile("oci-layout", { imageLayoutVersion: "1.0.0" }),
    jsonFile("index.json", index),
    jsonFile("manifest.json", docker),
  ];
}

function blobEntries(blobs: readonly Blob[]): readonly TarEntry[] {
  const seen = new Map(blobs.map((blob) => [blob.digest, blob]));
  return [
    { kind: "folder", path: "blobs", mode: 0o755 },
    { kind: "folder", path: "blobs/sha256", mode: 0o755 },
    ...[...seen.values()].map((blob): TarEntry => ({
      kind: "file",
      path: blobPath(blob),
      mode: 0o644,
      content: { size: blob.size, stream: () => verified(blob) },
    })),
  ];
}

function jsonFile(path: string, value: unknown): TarEntry {
  return { kind: "file", path, mode: 0o644, content: { bytes: encoder.encode(JSON.stringify(value)) } };
}

/** A blob is written after it was hashed: a file that changed in between must not slip in under the old digest. */
async function* verified(blob: Blob): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of blob.stream()) {
    hash.update(chunk);
    yield chunk;
  }
  const digest = `sha256:${hash.digest("hex")}`;
  if (digest !== blob.digest) {
    throw new Error(`Cannot write the image: a file of layer ${blob.digest} changed while it was being read`);
  }
}

async function measure(stream: AsyncIterable<Uint8Array>): Promise<{ digest: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

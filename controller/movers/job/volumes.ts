import { posix } from "node:path";
import {
  ANNOTATION,
  cacheCapacity,
  MOVER_PATH,
  type MoverSpec,
  type RepositorySpec,
} from "../../../api/mod.ts";
import type { Container, PodSpec } from "../../../kube/builtins.ts";
import type { ControllerOptions } from "../../options.ts";

/** Kopia keeps little there; without a limit a mover could fill the disk of its node, and others would be evicted. */
const TMP_LIMIT = "1Gi";

/** The name of the repository's volume in a mover's pod. */
export const REPOSITORY_VOLUME = "repository";

/** Folder at which a source volume is mounted in a mover; also its default kopia path. */
export function sourceMountPath(pvc: string): string {
  return `${MOVER_PATH.sources}/${pvc}`;
}

/** The input for a mover's volumes. */
export interface VolumeRequest {
  readonly repositorySpec: RepositorySpec;
  readonly mover: MoverSpec;
  readonly sources?: readonly { readonly pvc: string }[];
  readonly options: Pick<ControllerOptions, "moverCaConfigMap">;
}

type Volume = NonNullable<PodSpec["volumes"]>[number];
type VolumeMount = NonNullable<Container["volumeMounts"]>[number];

/** Volumes of a pod and where its container mounts them. */
interface PodVolumes {
  readonly volumes: readonly Volume[];
  readonly mounts: readonly VolumeMount[];
}

/** The volumes of a mover pod, in the order they are mounted. */
export function moverVolumes(request: VolumeRequest): PodVolumes {
  const { capacity, contentCacheSizeMb, metadataCacheSizeMb } = request.mover.cache ?? {};
  const sizeLimit = cacheCapacity({ capacity, contentCacheSizeMb, metadataCacheSizeMb });
  const parts = [
    workSpecVolume(),
    writable("cache", { emptyDir: { sizeLimit } }, MOVER_PATH.cache),
    writable("tmp", { emptyDir: { sizeLimit: TMP_LIMIT } }, MOVER_PATH.tmp),
    ...caBundle(request.repositorySpec),
    ...trustedAuthorities(request.options),
    ...repositoryVolume(request.repositorySpec),
    ...(request.sources ?? []).map(({ pvc }, index) => sourceVolume(pvc, index)),
  ];
  return { volumes: parts.map((part) => part.volume), mounts: parts.map((part) => part.mount) };
}

interface Part {
  readonly volume: Volume;
  readonly mount: VolumeMount;
}

/** The pod's own annotation as a file, so that the work spec is created and deleted with the Job. */
function workSpecVolume(): Part {
  const fieldRef = { apiVersion: "v1", fieldPath: `metadata.annotations['${ANNOTATION.workSpec}']` };
  const items = [{ path: posix.basename(MOVER_PATH.workSpec), fieldRef }];
  return readOnly("work-spec", { downwardAPI: { items } }, MOVER_PATH.workSpecFolder);
}

function caBundle(spec: RepositorySpec): readonly Part[] {
  const reference = spec.backend.s3?.tls?.caBundleRef;
  if (reference === undefined) return [];
  const items = [{ key: reference.key, path: posix.basename(MOVER_PATH.caBundle) }];
  return [
    readOnly("ca-bundle", { configMap: { name: reference.configMapName, items } }, MOVER_PATH.caFolder),
  ];
}

/** Optional: in a namespace without that ConfigMap the folder is empty, and movers trust what the image trusts. */
function trustedAuthorities({ moverCaConfigMap }: VolumeRequest["options"]): readonly Part[] {
  if (moverCaConfigMap === undefined) return [];
  const { name, key } = moverCaConfigMap;
  const configMap = { name, items: [{ key, path: "ca.crt" }], optional: true };
  return [readOnly("trust", { configMap }, MOVER_PATH.trustFolder)];
}

function repositoryVolume(spec: RepositorySpec): readonly Part[] {
  const filesystem = spec.backend.filesystem;
  if (filesystem === undefined) return [];
  const claim = { claimName: filesystem.volume.pvc.name };
  return [writable(REPOSITORY_VOLUME, { persistentVolumeClaim: claim }, filesystem.path)];
}

/**
 * Read-only at the volume, not only at the mount: for a writable volume the kubelet would apply `fsGroup`, which
 * changes group and modes of every file of the application whose data is being saved.
 */
function sourceVolume(pvc: string, index: number): Part {
  const claim = { claimName: pvc, readOnly: true };
  return readOnly(`source-${index}`, { persistentVolumeClaim: claim }, sourceMountPath(pvc));
}

function readOnly(name: string, volume: Omit<Volume, "name">, mountPath: string): Part {
  return { volume: { name, ...volume }, mount: { name, mountPath, readOnly: true } };
}

function writable(name: string, volume: Omit<Volume, "name">, mountPath: string): Part {
  return { volume: { name, ...volume }, mount: { name, mountPath } };
}

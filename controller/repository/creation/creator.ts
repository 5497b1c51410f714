import { parseJson } from "../../../api/json.ts";
import * as z from "zod";
import { ANNOTATION } from "../../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../../kube/types.ts";
import { isOf, REPOSITORY_VOLUME } from "../../movers/mod.ts";
import { byObject, JOB } from "../../shared/mod.ts";
import { bucketStorage, volumeStorage } from "./storage.ts";

/** A mover that may create a repository. */
export interface Creator {
  /** The Repository it works for. */
  readonly repository: ObjectKey;
  readonly storage: string;
}

const pod = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
  spec: z.object({
    volumes: z.array(z.object({
      name: z.string(),
      persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
    })),
  }),
});

/** What of a work spec matters, also of one that another release made. */
const work = z.object({
  operation: z.object({ bootstrap: z.object({ create: z.object({}) }) }),
  repository: z.object({
    s3: z.object({ bucket: z.string(), endpoint: z.string(), prefix: z.string().optional() }).optional(),
  }),
  target: z.object({ name: z.string() }),
});

/**
 * What a Job or pod of a mover may create, by what it was told when it was made; undefined for every other mover. Where
 * its Repository lives may have been changed since.
 */
export const creatorOf = byObject((object: KubeObject): Creator | undefined => {
  if (!isOf("bootstrap", object)) return undefined;
  const found = pod.safeParse(object.kind === JOB.kind ? templateOf(object) : object);
  if (!found.success) return undefined;
  const { metadata: { annotations }, spec: { volumes } } = found.data;
  const told = work.safeParse(parseJson(annotations[ANNOTATION.workSpec] ?? ""));
  if (!told.success) return undefined;
  const { target: { name }, repository: { s3 } } = told.data;
  // A pod reaches the claims of its own namespace alone, whatever somebody wrote into its work spec.
  const repository = { namespace: object.metadata.namespace ?? "", name };
  const claim = volumes.find(({ name }) => name === REPOSITORY_VOLUME)?.persistentVolumeClaim?.claimName;
  const storage = s3 === undefined
    ? volumeStorage(claim ?? "", repository.namespace)
    : bucketStorage(s3, repository.namespace);
  return { repository, storage };
});

function templateOf({ spec }: KubeObject): unknown {
  return typeof spec === "object" && spec !== null && "template" in spec ? spec.template : undefined;
}

import { API_VERSION, isoSeconds, LABEL, repositoryKind } from "../../../api/mod.ts";
import type { DesiredObject } from "../../../kube/types.ts";
import type { ControllerOptions } from "../../options.ts";
import {
  credentialVersion,
  effectiveMover,
  moverJob,
  moverJobName,
  SLOT_GRACE_SECONDS,
  workSpecFor,
  type WorkTrace,
  workTrace,
} from "../../movers/mod.ts";
import { labelValue } from "../../shared/mod.ts";
import { madeFrom, purposeAnnotation } from "./purpose.ts";
import { mayCreate, type RepositoryObject } from "../repository_object.ts";
import type { RepositoryWorld } from "../world.ts";

/** Time a bootstrap may take from the start of its mover. */
const BOOTSTRAP_SECONDS = 120;
/** A kubelet ends a pod that never gets so far, or that does not keep its own limit. */
export const POD_SECONDS = 600;
/** Where no kubelet does, the Job ends: so long its mover may wait, and then work. */
export const JOB_SECONDS = SLOT_GRACE_SECONDS + POD_SECONDS;
/** Who movers are when they only open a repository; kopia makes the identity that creates it its owner. */
const BOOTSTRAP_USERNAME = "kopiur";

/** Name of the bootstrap Job that is, or would be, next: the number after the last one whose result was taken. */
export function bootstrapJobName(repository: RepositoryObject): string {
  return numberedJobName(repository, (repository.status.bootstrap?.runs ?? 0) + 1);
}

/** Name of the bootstrap Job whose result was taken last. */
export function lastJobName(repository: RepositoryObject): string {
  return numberedJobName(repository, repository.status.bootstrap?.runs ?? 0);
}

function numberedJobName({ key: { name }, uid }: RepositoryObject, number: number): string {
  return moverJobName({ name, uid }, { kind: "bootstrap" }, number);
}

/** The trace of that bootstrap. */
export function bootstrapTrace(repository: RepositoryObject): WorkTrace {
  return workTrace(repository.uid, bootstrapJobName(repository));
}

/**
 * Job of the next bootstrap. It may create a repository only as
 * long as none was ever opened under this object: later a missing repository is a loss to be told, not mended.
 */
export function desiredBootstrap(
  world: RepositoryWorld,
  options: ControllerOptions,
  now: Date,
): DesiredObject {
  const { repository } = world;
  const { key: { namespace, name }, spec } = repository;
  const mover = effectiveMover(spec.mover);
  return moverJob({
    name: bootstrapJobName(repository),
    namespace,
    owner: { apiVersion: API_VERSION, kind: repositoryKind.kind, name, uid: repository.uid },
    labels: { [LABEL.repository]: labelValue(name) },
    annotations: purposeAnnotation({
      generation: repository.generation,
      credentials: credentialVersion(world.found),
      madeFrom: madeFrom(options),
      madeAt: isoSeconds(now),
    }),
    workSpec: workSpecFor({
      operation: { bootstrap: mayCreate(repository) ? { create: createChoices(repository) } : {} },
      identity: { username: BOOTSTRAP_USERNAME, hostname: namespace },
      repositorySpec: spec,
      target: { kind: repositoryKind.kind, namespace, name },
      mover,
      timeoutSeconds: BOOTSTRAP_SECONDS,
    }),
    trace: bootstrapTrace(repository),
    repositorySpec: spec,
    mover,
    // The controller tries again itself, at its own pace and with what is true by then.
    limits: { backoffLimit: 0, podActiveDeadlineSeconds: POD_SECONDS, activeDeadlineSeconds: JOB_SECONDS },
    options,
  });
}

function createChoices({ spec }: RepositoryObject): Readonly<Record<string, string>> {
  const { encryption, hash, splitter } = spec.create ?? {};
  return {
    ...(encryption === undefined ? {} : { encryption }),
    ...(hash === undefined ? {} : { hash }),
    ...(splitter === undefined ? {} : { splitter }),
  };
}

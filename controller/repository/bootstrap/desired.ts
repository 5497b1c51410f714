import { API_VERSION, isoSeconds, LABEL, repositoryKind } from "../../../api/mod.ts";
import type { DesiredObject } from "../../../kube/types.ts";
import type { ControllerOptions } from "../../options.ts";
import {
  credentialVersion,
  effectiveMover,
  moverJob,
  workSpecFor,
  type WorkTrace,
  workTrace,
} from "../../movers/mod.ts";
import { labelValue } from "../../shared/mod.ts";
import { madeFrom, purposeAnnotation } from "./purpose.ts";
import { mayCreate, type RepositoryObject } from "../repository_object.ts";
import { bootstrapJobName, JOB_SECONDS, POD_SECONDS } from "./task.ts";
import type { RepositoryWorld } from "../world.ts";

/** How long a bootstrap may take from the start of its mover. */
const BOOTSTRAP_SECONDS = 120;
/** The identity of bootstraps; kopia makes the identity that creates a repository its owner. */
const BOOTSTRAP_USERNAME = "kopiur";

/** The trace of the n-th bootstrap. */
export function bootstrapTrace(repository: RepositoryObject, number: number): WorkTrace {
  return workTrace(repository.uid, bootstrapJobName(repository, number));
}

/**
 * Job of the n-th bootstrap. It may create a repository only as long as none was ever opened under this object: later a
 * missing repository is a loss that must be reported.
 */
export function desiredBootstrap(
  world: RepositoryWorld,
  number: number,
  { options, now }: { readonly options: ControllerOptions; readonly now: Date },
): DesiredObject {
  const { repository } = world;
  const { key: { namespace, name }, spec } = repository;
  const mover = effectiveMover(spec.mover);
  return moverJob({
    name: bootstrapJobName(repository, number),
    namespace,
    owner: { apiVersion: API_VERSION, kind: repositoryKind.kind, name, uid: repository.uid },
    labels: { [LABEL.repository]: labelValue(name) },
    podAnnotations: purposeAnnotation({
      generation: repository.generation,
      credentials: credentialVersion(world.found),
      madeFrom: madeFrom(options),
      madeAt: isoSeconds(now),
    }),
    workSpec: workSpecFor({
      operation: {
        bootstrap: mayCreate(repository) ? { create: createChoices(repository) } : {},
      },
      identity: { username: BOOTSTRAP_USERNAME, hostname: namespace },
      repositorySpec: spec,
      target: { kind: repositoryKind.kind, namespace, name },
      mover,
      timeoutSeconds: BOOTSTRAP_SECONDS,
    }),
    trace: bootstrapTrace(repository, number),
    repositorySpec: spec,
    mover,
    // The controller itself retries, at its own pace and with the settings of that time.
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

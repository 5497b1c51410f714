import {
  ANNOTATION,
  COMPONENT_MOVER,
  LABEL,
  MANAGED_BY,
  MOVER_EXIT,
  MOVER_PATH,
  type MoverSpec,
  operationKey,
  type RepositorySpec,
  type WorkSpec,
} from "../../../api/mod.ts";
import type { Made, PodSpec } from "../../../kube/builtins.ts";
import type { DesiredObject, KubeObject, OwnerReference } from "../../../kube/types.ts";
import type { ControllerOptions } from "../../options.ts";
import { shortHash } from "../../shared/objects/names.ts";
import { OPERATIONS } from "../operations.ts";
import { MOVER_CONTAINER } from "../state/pod_facts.ts";
import type { WorkTrace } from "../trace.ts";
import { moverEnvironment } from "./environment.ts";
import { containerSecurity, podSecurity } from "./security.ts";
import { moverVolumes } from "./volumes.ts";

/** How long and how often a mover may try. */
export interface MoverLimits {
  /** How often a failed pod is replaced. */
  readonly backoffLimit: number;
  /**
   * The Job's limit from its creation, waiting for a node and retries included. A Job that reaches it loses its result,
   * as Kubernetes removes the pods: give the work spec a shorter `timeoutSeconds`.
   */
  readonly activeDeadlineSeconds?: number;
  /** Each pod's limit, from the moment a kubelet has it, so that waiting for a node does not count. */
  readonly podActiveDeadlineSeconds?: number;
}

/** The input for a mover Job. */
export interface MoverJobRequest {
  /** From `moverJobName`. */
  readonly name: string;
  readonly namespace: string;
  /** The CR; deleting it deletes the Job. */
  readonly owner: OwnerReference;
  /** Besides those of every mover Job (managed-by, component, name, operation). Values through `labelValue`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the Job. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of the Job's pods, so of its template, which nobody can change. */
  readonly podAnnotations?: Readonly<Record<string, string>>;
  /** From `workSpecFor`. */
  readonly workSpec: WorkSpec;
  /** The parent of the mover's spans; the same for the same Job. */
  readonly trace: WorkTrace;
  readonly repositorySpec: RepositorySpec;
  /** From `effectiveMover`. */
  readonly mover: MoverSpec;
  readonly limits: MoverLimits;
  /** Volumes to read; each is mounted read-only at `sourceMountPath(pvc)`. */
  readonly sources?: readonly { readonly pvc: string }[];
  readonly options: MoverOptions;
}

/** The settings of the controller that shape every mover. */
export type MoverOptions = Pick<
  ControllerOptions,
  "moverImage" | "moverImagePullPolicy" | "moverEnvPassthrough" | "moverPullSecrets" | "moverCaConfigMap"
>;

/** Long enough to look at a Job by hand; its result is recorded within seconds. */
const SECONDS_KEPT_AFTER_END = 3600;

/** Tells cluster tools not to evict a mover: its snapshot would have to start over. */
const KEEP_RUNNING = {
  "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
  "karpenter.sh/do-not-disrupt": "true",
};
/** A sidecar that never ends would keep the Job from completing. */
const NO_SIDECAR_ANNOTATION = { "sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled" };
const NO_SIDECAR_LABEL = { "sidecar.istio.io/inject": "false" };

/**
 * The Job of one mover with its work spec, restricted by default. Pure. The API server refuses
 * to change a Job's template, so make it only while there is no such Job. Check `mountConflict`, `firstMissing` and
 * `privilegedRefusal` before.
 */
export function moverJob(request: MoverJobRequest): Made<"Job"> {
  const { limits } = request;
  const pod = podSpec(request);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: metadataOf(request, shortHash(JSON.stringify(pod), 16)),
    spec: {
      backoffLimit: limits.backoffLimit,
      activeDeadlineSeconds: limits.activeDeadlineSeconds,
      ttlSecondsAfterFinished: SECONDS_KEPT_AFTER_END,
      podReplacementPolicy: "Failed",
      podFailurePolicy: {
        rules: [
          { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          {
            action: "FailJob",
            onExitCodes: { containerName: MOVER_CONTAINER, operator: "In", values: [MOVER_EXIT.terminal] },
          },
        ],
      },
      template: {
        metadata: {
          labels: { ...labelsOf(request), ...NO_SIDECAR_LABEL },
          annotations: {
            ...request.podAnnotations,
            ...KEEP_RUNNING,
            ...NO_SIDECAR_ANNOTATION,
            [ANNOTATION.workSpec]: JSON.stringify(request.workSpec),
          },
        },
        spec: pod,
      },
    },
  };
}

function podSpec(request: MoverJobRequest): PodSpec {
  const { mover, limits, options } = request;
  const { volumes, mounts } = moverVolumes(request);
  return {
    restartPolicy: "Never",
    activeDeadlineSeconds: limits.podActiveDeadlineSeconds,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // As process 1 a mover ignores SIGTERM until it listens for it, and would do its work all the same.
    shareProcessNamespace: true,
    imagePullSecrets: pullSecretsOf(options),
    securityContext: podSecurity(mover),
    nodeSelector: mover.nodeSelector,
    tolerations: mover.tolerations,
    containers: [{
      name: MOVER_CONTAINER,
      image: options.moverImage,
      imagePullPolicy: options.moverImagePullPolicy,
      args: ["mover"],
      env: moverEnvironment(request),
      resources: mover.resources,
      securityContext: containerSecurity(mover),
      terminationMessagePath: MOVER_PATH.terminationMessage,
      // A mover that dies without a result then leaves the end of its log.
      terminationMessagePolicy: "FallbackToLogsOnError",
      volumeMounts: mounts,
    }],
    volumes,
  };
}

function pullSecretsOf({ moverPullSecrets = [] }: MoverOptions): PodSpec["imagePullSecrets"] {
  return moverPullSecrets.length === 0 ? undefined : moverPullSecrets.map((name) => ({ name }));
}

/** A hash of the pod settings of a mover Job: image, volumes, Secrets, scheduling, resources. */
export function settingsOf({ metadata }: Pick<DesiredObject, "metadata"> | KubeObject): string | undefined {
  return metadata.annotations?.[ANNOTATION.moverSettings];
}

function metadataOf(request: MoverJobRequest, settings: string): DesiredObject["metadata"] {
  return {
    name: request.name,
    namespace: request.namespace,
    labels: labelsOf(request),
    annotations: { ...request.annotations, [ANNOTATION.moverSettings]: settings },
    ownerReferences: [{ ...request.owner, controller: true, blockOwnerDeletion: false }],
  };
}

function labelsOf(request: MoverJobRequest): Record<string, string> {
  return {
    ...request.labels,
    [LABEL.name]: MANAGED_BY,
    [LABEL.managedBy]: MANAGED_BY,
    [LABEL.component]: COMPONENT_MOVER,
    [LABEL.operation]: OPERATIONS[operationKey(request.workSpec.operation)].label,
  };
}

import { builtin, type Found } from "../../../kube/builtins.ts";
import type { KubeObject } from "../../../kube/types.ts";

type JobStatus = NonNullable<Found<"Job">["status"]>;
type JobCondition = NonNullable<JobStatus["conditions"]>[number];

/** How a Job ended, by its final condition. */
export interface JobEnd {
  readonly kind: "Complete" | "Failed";
  /** e.g. DeadlineExceeded, BackoffLimitExceeded, PodFailurePolicy. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** RFC 3339. */
  readonly time?: string | undefined;
}

/** The used facts of a Job. */
export interface JobFacts {
  readonly createdAt: string;
  readonly isSuspended: boolean;
  /** Pods created so far, by the Job controller's count. */
  readonly podsCounted: number;
  /** Undefined until every pod has ended and the Job is over. */
  readonly end?: JobEnd | undefined;
}

/** The facts of a Job. */
export function jobFacts(job: KubeObject): JobFacts {
  const { status = {} } = builtin(job, "Job");
  const { active = 0, failed = 0, succeeded = 0, conditions = [] } = status;
  const trueCondition = (type: string) =>
    conditions.find((each) => each.type === type && each.status === "True");
  const complete = trueCondition("Complete");
  const failure = trueCondition("Failed");
  return {
    createdAt: job.metadata.creationTimestamp ?? "",
    isSuspended: trueCondition("Suspended") !== undefined,
    podsCounted: active + failed + succeeded,
    end: complete !== undefined
      ? endOf("Complete", complete, status.completionTime)
      : failure !== undefined
      ? endOf("Failed", failure)
      : undefined,
  };
}

function endOf(
  kind: JobEnd["kind"],
  { reason, message, lastTransitionTime }: JobCondition,
  completionTime?: string | null,
): JobEnd {
  return { kind, reason, message, time: completionTime ?? lastTransitionTime ?? undefined };
}

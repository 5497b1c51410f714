import * as z from "zod";
import type { KubeObject } from "../../../kube/types.ts";

const text = z.string().optional().catch(undefined);
const count = z.number().optional().catch(undefined);

const jobStatus = z.object({
  active: count,
  failed: count,
  succeeded: count,
  completionTime: text,
  conditions: z.array(z.object({
    type: z.string(),
    status: z.string(),
    reason: text,
    message: text,
    lastTransitionTime: text,
  })).optional().catch(undefined),
});

/** How a Job ended, by its final condition. */
export interface JobEnd {
  readonly kind: "Complete" | "Failed";
  /** e.g. DeadlineExceeded, BackoffLimitExceeded, PodFailurePolicy. */
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** RFC 3339. */
  readonly time?: string | undefined;
}

/** What a Job says of itself. */
export interface JobFacts {
  readonly createdAt: string;
  readonly isSuspended: boolean;
  /** Pods made so far, as far as the Job controller has counted. */
  readonly podsCounted: number;
  /** Undefined until every pod has ended and the Job is over. */
  readonly end?: JobEnd | undefined;
}

/** The facts of a Job. Fields of an unexpected form count as absent. */
export function jobFacts(job: KubeObject): JobFacts {
  const parsed = jobStatus.safeParse(job.status ?? {});
  const status = parsed.success ? parsed.data : {};
  const { active = 0, failed = 0, succeeded = 0, conditions = [] } = status;
  const holds = (type: string) => conditions.find((each) => each.type === type && each.status === "True");
  const complete = holds("Complete");
  const failure = holds("Failed");
  return {
    createdAt: job.metadata.creationTimestamp ?? "",
    isSuspended: holds("Suspended") !== undefined,
    podsCounted: active + failed + succeeded,
    end: complete !== undefined
      ? { ...endOf("Complete", complete), time: status.completionTime ?? complete.lastTransitionTime }
      : failure !== undefined
      ? endOf("Failed", failure)
      : undefined,
  };
}

function endOf(
  kind: JobEnd["kind"],
  { reason, message, lastTransitionTime }: Omit<JobEnd, "kind"> & { lastTransitionTime?: string | undefined },
): JobEnd {
  return { kind, reason, message, time: lastTransitionTime };
}

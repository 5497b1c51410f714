import { findCondition, isReason, type Reason, REASONS } from "../../api/mod.ts";
import { failureIsRetryable } from "../movers/mod.ts";
import { isOpenAs } from "../shared/mod.ts";
import type { RepositoryObject } from "./repository_object.ts";

/** The state of a repository after its last bootstrap. */
export type RepositoryState =
  /** Nothing is known for the present spec (or, after a failure, for the present credentials). */
  | { readonly kind: "unknown" }
  | {
    readonly kind: "open";
    readonly uniqueId: string;
    /** True when the credentials changed since and were not tried yet. */
    readonly isUntried: boolean;
  }
  | {
    readonly kind: "failed";
    readonly reason: Reason;
    /** A stable sentence. */
    readonly message: string;
    /** True when it may end by itself, false when a person must act. */
    readonly isRetryable: boolean;
  };

/**
 * The state of a repository. A repository that was open stays so while new credentials are tried; one that
 * failed starts again with them, as somebody acted.
 */
export function repositoryStateOf(
  { generation, spec, status }: RepositoryObject,
  credentials: string,
): RepositoryState {
  const { bootstrap, uniqueId } = status;
  if (bootstrap === undefined) return { kind: "unknown" };
  if (bootstrap.forGeneration !== generation && !isOpenAs(spec, status)) return { kind: "unknown" };
  if (bootstrap.failures === 0) {
    return uniqueId === undefined ? { kind: "unknown" } : {
      kind: "open",
      uniqueId,
      isUntried: bootstrap.credentialVersion !== credentials,
    };
  }
  if (bootstrap.credentialVersion !== credentials) return { kind: "unknown" };
  const condition = findCondition(status.conditions, "Bootstrapped");
  const reason = condition !== undefined && isReason(condition.reason) ? condition.reason : "Unknown";
  return {
    kind: "failed",
    reason,
    message: condition?.message ?? REASONS[reason],
    isRetryable: bootstrapIsRetryable(reason, bootstrap.failures),
  };
}

/** Failures of unknown class in a row after which a person must look: nobody knows that they end by themselves. */
const MOST_UNKNOWN = 10;

/** Like `failureIsRetryable`, for the reasons a bootstrap ends with, after so many failures in a row. */
export function bootstrapIsRetryable(reason: Reason, failures: number): boolean {
  if (reason === "Unknown" && failures >= MOST_UNKNOWN) return false;
  return reason === "BootstrapJobFailed" || failureIsRetryable(reason);
}

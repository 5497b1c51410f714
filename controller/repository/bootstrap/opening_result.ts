import { type Reason, REASONS } from "../../../api/mod.ts";
import type { ResultOf } from "../../movers/mod.ts";
import type { BootstrapEnd } from "./decide.ts";
import { failureAdvice, replacedAdvice } from "./failure_advice.ts";
import type { RepositoryObject } from "../repository_object.ts";
import { bootstrapIsRetryable } from "../repository_state.ts";

/** The result of a bootstrap for its repository. */
export type OpeningResult =
  | { readonly kind: "open"; readonly bootstrap: ResultOf<"bootstrap">["bootstrap"] }
  | {
    readonly kind: "failed";
    readonly reason: Reason;
    /** A stable sentence, for conditions. */
    readonly message: string;
    /** The original text, for the Event. */
    readonly rawText: string;
    readonly isRetryable: boolean;
  };

/**
 * The result of an ended bootstrap, the n-th failure in a row if it failed. A storage with another unique id than before was replaced: it is refused, as every
 * known snapshot is in the other one.
 */
export function openingResultOf(
  end: BootstrapEnd,
  repository: RepositoryObject,
  failures: number,
): OpeningResult {
  if (end.kind === "succeeded") {
    const { bootstrap } = end.result;
    const known = repository.status.uniqueId;
    if (known === undefined || known === bootstrap.uniqueId) return { kind: "open", bootstrap };
    const message = replacedAdvice(bootstrap.uniqueId, known);
    return { kind: "failed", reason: "RepositoryReplaced", message, rawText: message, isRetryable: false };
  }
  const { failure, mover } = end;
  const reason = failure.class === "ResultMissing" ? "BootstrapJobFailed" : failure.class;
  return {
    kind: "failed",
    reason,
    message: failureAdvice(reason, repository),
    rawText: `Cannot open the repository: ${mover?.message ?? failure.text ?? REASONS[reason]}`,
    isRetryable: bootstrapIsRetryable(reason, failures),
  };
}

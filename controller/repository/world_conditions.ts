import { type ConditionChange, type ConditionValue, REASONS } from "../../api/mod.ts";
import { missingNeed, notPermitted, type Obstacle } from "./checks.ts";
import type { RepositoryWorld } from "./world.ts";

/** Conditions about things outside the object; known in every pass. */
export function worldConditions(world: RepositoryWorld): readonly ConditionChange[] {
  const missing = missingNeed(world);
  const lacksCredentials = missing !== undefined && missing.reason !== "VolumeNotFound";
  const credentials = lacksCredentials
    ? isFalse("CredentialsAvailable", missing)
    : isTrue("CredentialsAvailable");
  if (world.repository.spec.mover?.privilegedMode !== true) {
    return [credentials, { kind: "remove", type: "MoverPermitted" }];
  }
  const refusal = notPermitted(world);
  return [credentials, refusal === undefined ? isTrue("MoverPermitted") : isFalse("MoverPermitted", refusal)];
}

function isTrue(type: "CredentialsAvailable" | "MoverPermitted"): ConditionChange {
  const reason = type === "CredentialsAvailable" ? "Available" : "Permitted";
  return { kind: "set", value: { type, status: "True", reason, message: REASONS[reason] } };
}

function isFalse(type: ConditionValue["type"], { reason, message }: Obstacle): ConditionChange {
  return { kind: "set", value: { type, status: "False", reason, message } };
}

import { type Condition, conditions as conditionsSchema } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The status of an object; empty when it has none. */
export function statusFields(object: KubeObject): Fields {
  return isFields(object.status) ? object.status : {};
}

/** The conditions of an object; none when it has none or they are not conditions. */
export function conditionsOf(object: KubeObject): readonly Condition[] {
  return conditionsSchema.safeParse(statusFields(object).conditions).data ?? [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

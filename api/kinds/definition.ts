import type * as z from "zod";
import type { KindName } from "../kind_names.ts";

/** One column of `kubectl get`; `priority` 1 shows only with `-o wide`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date" | "boolean";
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: 0 | 1;
}

/** Everything that makes a kind: the source of its CRD, types, reference page and RBAC. */
export interface KindDefinition extends KindName {
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly columns: readonly PrinterColumn[];
}

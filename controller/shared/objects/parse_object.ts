import type * as z from "zod";
import { StalledError } from "../../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../../kube/types.ts";

/** A parsed object of one of our kinds. */
export interface ParsedObject<Spec, Status> {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly generation: number;
  readonly spec: Spec;
  readonly status: Status;
  readonly isDeleting: boolean;
}

/**
 * Parses spec and status. Throws StalledError (InvalidSpec), which names the field, for an object this version cannot
 * read, also when only its status is unreadable: its facts (a unique id, snapshot ids) must not be lost.
 */
export function parseObject<Spec extends z.ZodType, Status extends z.ZodType>(
  object: KubeObject,
  spec: Spec,
  status: Status,
): ParsedObject<z.output<Spec>, z.output<Status>> {
  const { metadata } = object;
  return {
    key: keyOf(object),
    uid: metadata.uid ?? "",
    generation: metadata.generation ?? 0,
    spec: parseHalf(object, "spec", spec),
    status: parseHalf(object, "status", status),
    isDeleting: metadata.deletionTimestamp !== undefined,
  };
}

function parseHalf<Schema extends z.ZodType>(
  object: KubeObject,
  half: "spec" | "status",
  schema: Schema,
): z.output<Schema> {
  const parsed = schema.safeParse(object[half] ?? (half === "status" ? {} : undefined));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = [half, ...(issue?.path ?? []).map(String)].join(".");
  throw new StalledError(
    "InvalidSpec",
    `Cannot read ${object.kind} "${object.metadata.name}": ${at}: ${
      issue?.message ?? "is not as the schema says"
    }`,
    { cause: parsed.error },
  );
}

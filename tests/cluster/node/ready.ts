import * as z from "zod";

const nodeSchema = z.object({
  spec: z.object({ taints: z.array(z.object({ key: z.string() })).default([]) }),
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
});

/** True when pods can be scheduled on the node: it is Ready, and the taint that says otherwise is gone. */
export function nodeIsReady(json: unknown): boolean {
  const { spec, status } = nodeSchema.parse(json);
  const ready = status.conditions.some((condition) =>
    condition.type === "Ready" && condition.status === "True"
  );
  return ready && !spec.taints.some((taint) => taint.key === "node.kubernetes.io/not-ready");
}

import * as z from "zod";
import { FIELD_MANAGER, LABEL } from "../../api/mod.ts";
import { type Resource, RESOURCES, type Transport } from "../../kube/mod.ts";
import type { ApiServer } from "../cluster/mod.ts";
import type { StartedJob } from "./fake_mover_host.ts";
import { inLanes } from "./in_lanes.ts";

/** What the controller wrote for one run, as it wrote it. */
export interface RunWrites {
  readonly configMap: Written;
  readonly job: Written;
}

const written = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()),
  }),
});
type Written = z.infer<typeof written>;

/** Reads back what the controller wrote for the run of a Job. */
export async function readRunWrites(server: ApiServer, started: StartedJob): Promise<RunWrites> {
  const job = written.parse(started.object);
  const backup = job.metadata.labels[LABEL.backup] ?? "";
  const selector = encodeURIComponent(`${LABEL.backup}=${backup}`);
  const path = `/api/v1/namespaces/${started.namespace}/configmaps?labelSelector=${selector}`;
  const { items } = z.object({ items: z.array(z.looseObject({})) }).parse(await server.request("GET", path));
  const configMap = written.parse({ apiVersion: "v1", kind: "ConfigMap", ...items[0] });
  return { configMap: asApplied(configMap), job: asApplied({ ...job, apiVersion: "batch/v1", kind: "Job" }) };
}

/** Without what the server added: it would be written by nobody. */
function asApplied(object: Written): Written {
  const { status: _status, ...rest } = object;
  const { uid: _uid, resourceVersion: _version, generation: _generation, ...metadata } = object.metadata;
  const { creationTimestamp: _created, managedFields: _fields, ...ours } = metadata;
  if (object.kind !== "Job") return { ...rest, metadata: ours };
  const spec = z.looseObject({
    template: z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }) }),
  })
    .parse(object.spec);
  const { selector: _selector, ...jobSpec } = spec;
  const labels = Object.fromEntries(
    Object.entries(spec.template.metadata.labels).filter(([key]) => !isOfJobController(key)),
  );
  const template = { ...spec.template, metadata: { ...spec.template.metadata, labels } };
  return {
    ...rest,
    metadata: { ...ours, labels: withoutJobLabels(ours.labels) },
    spec: { ...jobSpec, template },
  };
}

function withoutJobLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !isOfJobController(key)));
}

function isOfJobController(key: string): boolean {
  return /^(batch\.kubernetes\.io\/)?(controller-uid|job-name)$/.test(key);
}

/** Writes the same two objects as often, as many at a time; the answer is pairs per second. */
export async function bareWrites(
  transport: Transport,
  { configMap, job }: RunWrites,
  { run, backups, lanes }: { readonly run: number; readonly backups: number; readonly lanes: number },
  signal: AbortSignal,
): Promise<number> {
  const query = { fieldManager: FIELD_MANAGER, fieldValidation: "Warn", force: "true" };
  async function apply(resource: Resource, model: Written, name: string) {
    const { namespace } = model.metadata;
    // Not a mover of ours: the controller and the host must not care for it.
    const labels = { [LABEL.name]: "bench" };
    const body = { ...model, metadata: { ...model.metadata, name, labels } };
    await transport.send(
      { verb: "apply", resource, target: { key: { namespace, name } }, query, body },
      signal,
    );
  }
  const names = Array.from({ length: backups }, (_, each) => `bare-${run}-${each}`);
  const begun = performance.now();
  await inLanes(names, lanes, signal, async (name) => {
    await apply(RESOURCES.configMap, configMap, name);
    await apply(RESOURCES.job, job, name);
  });
  return backups / ((performance.now() - begun) / 1000);
}

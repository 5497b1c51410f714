import * as z from "zod";
import { API_VERSION, backupKind, FIELD_MANAGER, LABEL } from "../../api/mod.ts";
import { resourceOf, RESOURCES, type Transport } from "../../kube/mod.ts";
import type { ApiServer } from "../cluster/mod.ts";
import type { StartedJob } from "./fake_mover_host.ts";
import { inLanes } from "./in_lanes.ts";

/** What the controller wrote for one run, as it wrote it. */
export interface RunWrites {
  readonly job: Written;
  /** Of the Backup. */
  readonly status: unknown;
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

const stored = z.looseObject({
  metadata: z.looseObject({ name: z.string(), uid: z.string(), resourceVersion: z.string() }),
});
type Stored = z.infer<typeof stored>;

/** Reads back what the controller wrote for a run whose Job was made. */
export async function readRunWrites(server: ApiServer, [first]: readonly StartedJob[]): Promise<RunWrites> {
  if (first === undefined) throw new Error("Cannot read what was written: there is no Job, expected one");
  const job = written.parse(first.object);
  const path = `/apis/${API_VERSION}/namespaces/${first.namespace}/${backupKind.plural}`;
  const backup = await server.request("GET", `${path}/${job.metadata.labels[LABEL.backup]}`);
  const { status } = z.object({ status: z.looseObject({ phase: z.literal("Running") }) }).parse(backup);
  return { job: asWritten({ ...job, apiVersion: "batch/v1", kind: "Job" }), status };
}

/** Without what the server added: it would be written by nobody. */
function asWritten(job: Written): Written {
  const { status: _status, ...rest } = job;
  const { uid: _uid, resourceVersion: _version, generation: _generation, ...metadata } = job.metadata;
  const { creationTimestamp: _created, managedFields: _fields, ...ours } = metadata;
  const spec = z.looseObject({
    template: z.looseObject({ metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }) }),
  }).parse(job.spec);
  const { selector: _selector, ...jobSpec } = spec;
  const labels = withoutJobLabels(spec.template.metadata.labels);
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

/**
 * Writes the same Job and the same status as often, many at a time; the answer is pairs per second. On a server
 * without a controller, for that would work on the Backups, too. They are made before the time counts.
 */
export async function bareWrites(
  transport: Transport,
  { job, status }: RunWrites,
  { run, backups, lanes }: { readonly run: number; readonly backups: number; readonly lanes: number },
  signal: AbortSignal,
): Promise<number> {
  const { namespace } = job.metadata;
  const resource = resourceOf(backupKind);
  const query = { fieldManager: FIELD_MANAGER, fieldValidation: "Warn" };
  const type = { apiVersion: API_VERSION, kind: backupKind.kind };
  const made: Stored[] = [];
  const names = Array.from({ length: backups }, (_, each) => `bare-${run}-${each}`);
  await inLanes(names, lanes, signal, async (name) => {
    const body = { ...type, metadata: { name }, spec: { configRef: { name } } };
    const answer = await transport.send({ verb: "create", resource, target: { namespace }, body }, signal);
    made.push(stored.parse(answer));
  });
  const begun = performance.now();
  await inLanes(made, lanes, signal, async ({ metadata: { name, uid, resourceVersion } }) => {
    const key = { namespace, name };
    const body = { ...job, metadata: { ...job.metadata, name } };
    await transport.send({ verb: "create", resource: RESOURCES.job, target: { key }, query, body }, signal);
    const metadata = { name, namespace, uid, resourceVersion };
    const target = { key, subresource: "status" } as const;
    await transport.send(
      { verb: "update", resource, target, query, body: { ...type, metadata, status } },
      signal,
    );
  });
  return backups / ((performance.now() - begun) / 1000);
}

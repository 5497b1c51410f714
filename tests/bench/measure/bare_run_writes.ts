import * as z from "zod";
import { API_VERSION, backupKind, FIELD_MANAGER, FINALIZER, LABEL } from "../../../api/mod.ts";
import { type ApiRequest, type ObjectKey, resourceOf, RESOURCES, type Transport } from "../../../kube/mod.ts";
import type { ApiServer } from "../../cluster/mod.ts";
import { inLanes } from "../in_lanes.ts";
import { backupMadeBy, type RushMaker } from "../objects/rush.ts";

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

/** Reads back what the controller wrote for a run that has begun. */
export async function readRunWrites(
  server: ApiServer,
  { namespace, name }: ObjectKey,
  signal: AbortSignal,
): Promise<RunWrites> {
  const selector = encodeURIComponent(`${LABEL.backup}=${name}`);
  const jobs = await server.request(
    "GET",
    `/apis/batch/v1/namespaces/${namespace}/jobs?labelSelector=${selector}`,
    { signal },
  );
  const [job] = z.object({ items: z.array(z.looseObject({})) }).parse(jobs).items;
  const path = `/apis/${API_VERSION}/namespaces/${namespace}/${backupKind.plural}/${name}`;
  const { status } = z.object({ status: z.looseObject({ phase: z.literal("Running") }) })
    .parse(await server.request("GET", path, { signal }));
  return { job: asWritten(written.parse({ ...job, apiVersion: "batch/v1", kind: "Job" })), status };
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
 * Writes the same Job and the same status as often, and the finalizer before them where the maker of a Backup does
 * not, many at a time; the answer is Backups per second. On a server without a controller, for that would work on
 * the Backups, too. They are made before the time counts.
 */
export async function bareWrites(
  transport: Transport,
  { job, status }: RunWrites,
  { names, lanes, by }: { readonly names: readonly string[]; readonly lanes: number; readonly by: RushMaker },
  signal: AbortSignal,
): Promise<number> {
  const { namespace } = job.metadata;
  const resource = resourceOf(backupKind);
  const query = { fieldManager: FIELD_MANAGER, fieldValidation: "Warn" };
  const type = { apiVersion: API_VERSION, kind: backupKind.kind };
  const made: Stored[] = [];
  await inLanes(names, lanes, signal, async (name) => {
    const body = backupMadeBy(by, name, name);
    const answer = await transport.send({ verb: "create", resource, target: { namespace }, body }, signal);
    made.push(stored.parse(answer));
  });
  const begun = performance.now();
  await inLanes(made, lanes, signal, async (backup) => {
    const { name } = backup.metadata;
    const { uid, resourceVersion } = by === "schedule" ? backup.metadata : await holdBackup(backup);
    const target = { key: { namespace, name } };
    const body = { ...job, metadata: { ...job.metadata, name } };
    await send({ verb: "create", resource: RESOURCES.job, target, body, metadataOnly: true });
    const metadata = { name, namespace, uid, resourceVersion };
    const statusTarget = { ...target, subresource: "status" } as const;
    await send({
      verb: "update",
      resource,
      target: statusTarget,
      body: { ...type, metadata, status },
      metadataOnly: true,
    });
  });
  return names.length / ((performance.now() - begun) / 1000);

  async function holdBackup(
    { metadata: { name, uid, resourceVersion } }: Stored,
  ): Promise<Stored["metadata"]> {
    const body = { metadata: { finalizers: [FINALIZER], uid, resourceVersion } };
    return stored.parse(await send({ verb: "patch", resource, target: { key: { namespace, name } }, body }))
      .metadata;
  }

  function send(request: ApiRequest): Promise<unknown> {
    return transport.send({ ...request, query }, signal);
  }
}

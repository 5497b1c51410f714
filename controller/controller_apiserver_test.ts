import assert from "node:assert/strict";
import { ALL_KINDS, API_VERSION, customResourceDefinition, GROUP, VERSION } from "../api/mod.ts";
import { connect, type KubeObject, loadConnection, resourceOf, systemKubeClock } from "../kube/mod.ts";
import { type ApiServer, startApiserver, waitUntil } from "../tests/cluster/mod.ts";
import { partTest } from "../tests/parts/mod.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aRepository,
  aSecret,
  startTelemetryProbe,
} from "../tests/support/mod.ts";
import { controllerPermissions, LEASE_NAME, startController } from "./mod.ts";

const parts = ["etcd", "kube-apiserver", "janitor", "setpriv"] as const;
const operatorNamespace = "kopiur-system";
const user = "kopiur-controller";

async function prepare(server: ApiServer): Promise<string> {
  for (const name of ["apps", operatorNamespace]) {
    await create(server, "/api/v1/namespaces", namespaceOf(name));
  }
  for (const definition of ALL_KINDS) {
    const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await create(server, crds, customResourceDefinition(definition));
    await waitUntil(() => server.request("GET", `/apis/${GROUP}/${VERSION}/${definition.plural}`), {
      what: definition.kind,
      limitSeconds: 20,
    });
  }
  await allow(server);
  return await server.userKubeconfig(user);
}

/** Exactly what the chart grants. */
async function allow(server: ApiServer): Promise<void> {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const subjects = [{ kind: "User", name: user, apiGroup: "rbac.authorization.k8s.io" }];
  const roleRef = (kind: string) => ({ kind, name: user, apiGroup: "rbac.authorization.k8s.io" });
  const rules = controllerPermissions().map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs,
  }));
  const leases = [{
    apiGroups: ["coordination.k8s.io"],
    resources: ["leases"],
    verbs: ["create", "get", "update", "patch"],
  }];
  const metadata = { name: user };
  const inOwn = `${rbac}/namespaces/${operatorNamespace}`;
  await create(server, `${rbac}/clusterroles`, { apiVersion, kind: "ClusterRole", metadata, rules });
  await create(server, `${rbac}/clusterrolebindings`, {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata,
    roleRef: roleRef("ClusterRole"),
    subjects,
  });
  await create(server, `${inOwn}/roles`, { apiVersion, kind: "Role", metadata, rules: leases });
  await create(server, `${inOwn}/rolebindings`, {
    apiVersion,
    kind: "RoleBinding",
    metadata,
    roleRef: roleRef("Role"),
    subjects,
  });
}

function namespaceOf(name: string): unknown {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

async function create(server: ApiServer, path: string, body: unknown): Promise<void> {
  await server.request("POST", path, { body });
}

/** Creates what a builder made, as a user would: without what the server sets. */
async function createObject(server: ApiServer, object: KubeObject, plural: string): Promise<void> {
  const { apiVersion, metadata: { name, namespace = "apps" }, status: _status, ...rest } = object;
  const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
  await create(server, `${root}/namespaces/${namespace}/${plural}`, {
    ...rest,
    apiVersion,
    metadata: { name, namespace },
  });
}

/** One replica of the controller with its own connection, as the role starts it. */
async function startReplica(kubeconfig: string, instance: string) {
  const probe = startTelemetryProbe();
  probe.telemetry.state.setActive(false);
  const clock = systemKubeClock();
  const { telemetry } = probe;
  const connection = await loadConnection({ path: kubeconfig, env: {} });
  const random = Math.random;
  const cluster = connect(connection, { clock, random, telemetry, instance, fieldValidation: "Strict" });
  const stop = new AbortController();
  const newId = () => crypto.randomUUID();
  const run = startController(
    { cluster, telemetry, clock, random, newId, leadership: "lease" },
    {
      moverImage: "kopiur:test",
      moverImagePullPolicy: "Never",
      moverEnvPassthrough: [],
      maxMovers: 20,
      operatorNamespace,
      instance,
    },
    stop.signal,
  );
  const leads = async () => (await probe.series("kopiur_leader 1")).length === 1 ? true : undefined;
  return {
    probe,
    whenLeading: () => waitUntil(leads, { what: `${instance} to lead`, limitSeconds: 30 }),
    passes: () => probe.spans().filter(({ name }) => name === "reconcile").length,
    async stop() {
      stop.abort(new Error("the test stops it"));
      const end = await run;
      await cluster.close(2000);
      await telemetry.shutdown();
      return end;
    },
  };
}

async function readyReason(server: ApiServer, plural: string, name: string): Promise<string | undefined> {
  const path = `/apis/${API_VERSION}/namespaces/apps/${plural}/${name}`;
  const { status } = await server.request("GET", path) as {
    status?: { conditions?: { type: string; status: string; reason: string }[] };
  };
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return ready === undefined ? undefined : `${ready.status} ${ready.reason}`;
}

function waitForReason(server: ApiServer, plural: string, name: string, wanted: string): Promise<string> {
  return waitUntil(async () => {
    const reason = await readyReason(server, plural, name);
    if (reason === wanted) return reason;
    throw new Error(`it says "${reason}"`);
  }, { what: `${plural} ${name} to say "${wanted}"`, limitSeconds: 20 });
}

/** Versions of everything the controller may have written. */
async function versions(server: ApiServer): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const definition of ALL_KINDS) {
    const { group, version, plural } = resourceOf(definition);
    await collect(`/apis/${group}/${version}/${plural}`);
  }
  for (const path of ["/apis/batch/v1/jobs", "/api/v1/configmaps"]) await collect(path);
  return found;

  async function collect(path: string): Promise<void> {
    const { items } = await server.request("GET", path) as { items: KubeObject[] };
    for (const { metadata } of items) found[`${path}/${metadata.name}`] = metadata.resourceVersion ?? "";
  }
}

partTest({
  name:
    "startController() works with exactly its generated role, wakes what waits, and leaves what is right alone",
  parts,
  fn: async () => {
    await using server = await startApiserver({ progress: () => undefined });
    const kubeconfig = await prepare(server);
    const first = await startReplica(kubeconfig, "replica-0");
    await first.whenLeading();

    await createObject(server, aBackupConfig(), "backupconfigs");
    await createObject(server, aBackup(), "backups");
    await waitForReason(server, "backups", "run", "Unknown RepositoryNotFound");
    await createObject(server, aClaimOf("repo-data"), "persistentvolumeclaims");
    await createObject(server, aRepository(), "repositories");
    await waitForReason(server, "repositories", "repo", "Unknown MissingCredentialsSecret");
    await waitForReason(server, "backups", "run", "Unknown RepositoryNotReady");

    const before = performance.now();
    await createObject(server, aSecret(), "secrets");
    await waitForReason(server, "repositories", "repo", "Unknown Initializing");
    assert.ok(performance.now() - before < 5000, "the Secret wakes the repository at once");
    const jobs = Object.keys(await versions(server)).filter((path) =>
      path.startsWith("/apis/batch/v1/jobs/")
    );
    assert.equal(jobs.length, 1, jobs.join());

    const settled = await versions(server);
    assert.deepEqual(await first.stop(), { kind: "stopped" });
    const second = await startReplica(kubeconfig, "replica-1");
    const since = performance.now();
    await second.whenLeading();
    assert.ok(performance.now() - since < 10_000, "a released lease is taken at once");
    await waitUntil(() => second.passes() >= 3 ? true : undefined, {
      what: "three passes",
      limitSeconds: 10,
    });
    assert.deepEqual(await versions(server), settled, "a restart writes nothing");
    await second.stop();

    for (const replica of [first, second]) {
      const complaints = replica.probe.lines().filter(({ level }) => level === "ERROR" || level === "WARN");
      assert.deepEqual(complaints, []);
    }
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${operatorNamespace}/leases/${LEASE_NAME}`;
    const { spec } = await server.request("GET", lease) as { spec: { holderIdentity?: string } };
    assert.equal(spec.holderIdentity ?? "", "");
  },
});

/** The real server wants a size. */
function aClaimOf(name: string): KubeObject {
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  return { ...aClaim({ name }), spec };
}

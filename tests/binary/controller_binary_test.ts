import { deepEqual, equal, match, ok } from "node:assert/strict";
import { metricNames } from "../../telemetry/mod.ts";
import { startApiserver, waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { promtoolRemarks } from "../telemetry/promtool.ts";
import { createObject, installKopiur, readObject } from "./kopiur_api.ts";
import { startController } from "./running_controller.ts";

const parts = ["etcd", "kube-apiserver", "janitor", "setpriv", "promtool"] as const;
const leasePath = "/apis/coordination.k8s.io/v1/namespaces/kopiur-system/leases/kopiur-controller";

interface Lease {
  readonly spec: { readonly holderIdentity?: string };
}

function holderOf(lease: unknown): string {
  return (lease as Lease | undefined)?.spec.holderIdentity ?? "";
}

partTest({
  name: "kopiur controller becomes ready, serves, holds its lease, and gives it back when told to stop",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["kopiur-system", "apps"]);
    await using controller = await startController(server);
    await controller.ready();
    const url = await controller.url();

    equal((await answer(`${url}/healthz`)).status, 200);
    const metrics = await answer(`${url}/metrics`);
    equal(metrics.status, 200);
    match(metrics.text, /^kopiur_build_info\{.*version="[0-9.]+".*\} 1$/m);
    deepEqual(unknownMetrics(metrics.text), []);
    deepEqual(await promtoolRemarks(metrics.text), []);
    equal((await answer(`${url}/elsewhere`)).status, 404);

    const lease = await waitUntil(async () => holderOf(await readObject(server, leasePath)) || undefined, {
      what: "the lease to be held",
      limitSeconds: 20,
    });
    match(lease, /^controller-0/);

    controller.send("SIGTERM");
    const { code, log } = await controller.ended();
    equal(code, 0, log);
    match(log, /stopping signal=SIGTERM/);
    equal(holderOf(await readObject(server, leasePath)), "");
  },
});

partTest({
  name: "kopiur controller tells a Repository what it lacks",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["kopiur-system", "apps"]);
    await using controller = await startController(server, { KOPIUR_LEADER_ELECTION: "false" });
    await createObject(server, "repositories", {
      kind: "Repository",
      name: "nas",
      namespace: "apps",
      spec: {
        backend: { filesystem: { volume: { pvc: { name: "repo" } } } },
        encryption: { passwordSecretRef: { name: "password" } },
      },
    });
    const path = "/apis/kopiur.home-operations.com/v1alpha1/namespaces/apps/repositories/nas";
    const ready = await waitUntil(async () => {
      const found = await readObject(server, path) as { readonly status?: Status } | undefined;
      return found?.status?.conditions?.find(({ type }) => type === "Ready");
    }, { what: "a Ready condition", limitSeconds: 20 });
    equal(ready.status === "True", false);
    equal(ready.reason, "MissingCredentialsSecret");
    equal(await readObject(server, leasePath), undefined);
    const metrics = await answer(`${await controller.url()}/metrics`);
    match(metrics.text, /^kopiur_resource_ready\{[^}]*kind="Repository"[^}]*\} 0$/m);
  },
});

partTest({
  name: "kopiur controller ends with 1 when it loses its lease",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["kopiur-system"]);
    await using controller = await startController(server);
    await controller.ready();
    await waitUntil(async () => holderOf(await readObject(server, leasePath)) || undefined, {
      what: "the lease to be held",
      limitSeconds: 20,
    });
    const stolen = {
      spec: { holderIdentity: "another", renewTime: new Date().toISOString().replace("Z", "000Z") },
    };
    await server.request("PATCH", leasePath, { body: stolen, contentType: "application/merge-patch+json" });
    const { code, log } = await controller.ended();
    equal(code, 1, log);
    match(log, /lease|leadership/i);
  },
});

interface Status {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
  }[];
}

async function answer(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  return { status: response.status, text: await response.text() };
}

/** Names on /metrics that are in no catalog. */
function unknownMetrics(text: string): readonly string[] {
  const known = new Set<string>(metricNames());
  const found = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = ""]) => name);
  ok(found.length > 5, text);
  return found.filter((name) => !known.has(name));
}

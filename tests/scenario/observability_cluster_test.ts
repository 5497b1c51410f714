import assert from "node:assert/strict";
import { join } from "node:path";
import { metricEntry, type MetricName, metricNames } from "../../telemetry/mod.ts";
import type { Cluster } from "../cluster/mod.ts";
import { pause, waitUntil } from "../cluster/mod.ts";
import { type Collector, startCollector, unknownSpans } from "../telemetry/collector.ts";
import { type Prometheus, startPrometheus } from "../telemetry/prometheus.ts";
import { promtoolRemarks } from "../telemetry/promtool.ts";
import { builtPromisedMetrics } from "../telemetry/promised_metrics.ts";
import { constants, provoked } from "../telemetry/two_values.ts";
import { fromFileUrl } from "./paths.ts";
import { Stage } from "./stage.ts";
import type { Found, Tenant } from "./tenant.ts";

const overlay = fromFileUrl("../../deploy/observability-values.yaml");
const secret = "hunter22-of-the-collector";
const headers = { name: "otel", stringData: { headers: `authorization=Bearer%20${secret}` } };

const SKIP_CLEANUP = "kopiur.home-operations.com/skip-snapshot-cleanup";

/**
 * How much longer than the slowest beside a healthy collector the faster of two Backups may take: 2 s of it are the
 * mover's limit for its end.
 */
const patienceSeconds = 2.5;

Deno.test("telemetry of backups in a real cluster, seen by a real Prometheus and a real collector", async (t) => {
  await using around = new AsyncDisposableStack();
  let started: Collector | undefined;
  await using stage = await Stage.open({
    prepare: async (cluster, folder) => {
      await installServiceMonitors(cluster);
      await makeHeaders(cluster, "kopiur-system");
      started = around.use(await startCollector({ address: cluster.hostAddress, tls: true }));
      return [overlay, await writeValues(folder, started)];
    },
    // The second stands by: it leads when the first loses touch with the API server.
    sets: ["controller.replicaCount=2"],
  });
  assert.ok(started !== undefined);
  const collector = started;
  const monitor = JSON.parse(
    await stage.cluster.kubectl("get", "servicemonitors", "-n", "kopiur-system", "-o", "json"),
  ).items[0];
  await using prometheus = await startPrometheus(
    (method, path) => stage.cluster.request(method, path),
    monitor,
  );
  const tenant = await stage.tenant("watched");
  const folder = await tenant.volume("photos", { "a.txt": "first\n", "deep/b.bin": "x".repeat(200_000) });
  await tenant.repository("home");
  await tenant.config("photos", "home", ["photos"]);

  let runs = 0;
  async function backUp(name: string): Promise<{ readonly backup: Found; readonly seconds: number }> {
    const began = performance.now();
    await tenant.backup(name, "photos");
    const backup = await tenant.ended(name);
    assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
    runs += 1;
    return { backup, seconds: (performance.now() - began) / 1000 };
  }

  let usual = 0;
  await t.step("one trace joins status, pass, API request, mover, kopia and log lines", async () => {
    // The first run also loads what later ones find in the page cache.
    await backUp("first");
    await makeHeaders(stage.cluster, "watched");
    const { backup } = await backUp("traced");
    usual = Math.max((await backUp("again")).seconds, (await backUp("once-more")).seconds);
    await assertOneTrace(collector, backup);
    await tenant.assertOneSnapshot("home", "traced", folder);
    assert.deepEqual(unknownSpans(collector), []);
    const line = new RegExp(`trace_id=${backup["status"].traceId}`);
    await waitUntil(async () => line.test(await stage.controllerLog()) || undefined, {
      what: "the trace in the controller's log",
      limitSeconds: 10,
    });
  });

  await t.step("headers from a Secret stand in no Job, in no log line and in no span", async () => {
    const jobs = await tenant.kubectl("get", "jobs,pods", "-o", "yaml");
    assert.match(jobs, /OTEL_EXPORTER_OTLP_HEADERS/);
    assert.doesNotMatch(jobs, /hunter22/);
    assert.doesNotMatch(await stage.controllerLog(), /hunter22/);
    assert.doesNotMatch(JSON.stringify([collector.logs, collector.spans]), /hunter22/);
  });

  for (
    const [name, what, begin, end] of [
      ["killed", "is killed", () => collector.kill(), () => collector.start()],
      ["stopped", "hangs", () => collector.signal("SIGSTOP"), () => collector.signal("SIGCONT")],
      ["foreign", "shows a certificate nobody trusts", () => restartAs("foreign"), () => restartAs("own")],
    ] as const
  ) {
    await t.step(`backups do not notice that the collector ${what}, and it is counted`, async () => {
      const before = await failures(prometheus);
      await begin();
      const took: number[] = [];
      try {
        for (const run of [1, 2]) took.push((await backUp(`${name}-${run}`)).seconds);
        await waitUntil(async () => await failures(prometheus) > before || undefined, {
          what: "failed exports to be counted",
          limitSeconds: 30,
          everyMs: 500,
        });
      } finally {
        await end();
      }
      const seen = collector.metrics.length;
      await collector.received("metrics again", () => collector.metrics.length > seen || undefined);
      const { backup, seconds } = await backUp(`${name}-over`);
      await collector.received(
        "the mover's span of the run after it",
        () =>
          collector.spans.find((span) => span.name === "mover" && span.traceId === backup["status"].traceId),
      );
      // Right before and right after: the machine has other things to do, and not always the same.
      const healthy = Math.max(usual, seconds);
      usual = seconds;
      assert.ok(Math.min(...took) < healthy + patienceSeconds, `it took ${took} s, beside it ${healthy} s`);
    });
  }

  async function restartAs(whose: "own" | "foreign"): Promise<void> {
    await collector.kill();
    await collector.showCertificate(whose);
    await collector.start();
  }

  await t.step("a run that fails and a recipe that makes no sense", async () => {
    // Too little for a sandbox: the kubelet tries for ever.
    await tenant.config("tiny", "home", ["photos"], { mover: { resources: { limits: { memory: "1Mi" } } } });
    await tenant.backup("tiny", "tiny", { failurePolicy: { startDeadlineSeconds: 10 } });
    assert.equal((await tenant.ended("tiny"))["status"].phase, "Failed");
    await tenant.config("itself", "home", ["home-store"]);
    await tenant.until(
      "BackupConfig",
      "itself",
      ({ status }) => /InvalidSpec/.test(JSON.stringify(status?.conditions)),
      20,
    );
  });

  await t.step("Prometheus has every promised metric with its type and labels", async () => {
    await tenant.custom("BackupSchedule", "nightly", {
      configRef: { name: "photos" },
      schedule: { cron: "0 3 * * *" },
    });
    await waitUntil(
      async () => (await prometheus.query("kopiur_schedule_backups_created_total")).length > 0 || undefined,
      { what: "the schedule's counter", limitSeconds: 60, everyMs: 500 },
    );
    const types = await prometheus.types();
    for (const [name, { type, labels }] of await builtPromisedMetrics()) {
      assert.equal(types.get(name), type, name);
      const [series] = await prometheus.query(type === "histogram" ? `${name}_count` : name);
      assert.ok(series !== undefined, `no series of ${name}`);
      const own = Object.keys(series.labels).filter((label) => !ofScrape(labels).includes(label));
      assert.deepEqual(own.toSorted(), labels, name);
    }
  });

  await t.step("Prometheus answers the promised queries with what happened", async () => {
    await answersOfTheRun(prometheus, tenant, runs);
  });

  await t.step("both readers say the same of what is over", async () => {
    const series = 'kopiur_backups_total{name="photos",namespace="watched",outcome="success"}';
    await collector.received(
      "the newest count",
      () =>
        collector.metrics.findLast(({ samples }) => samples.has(series))?.samples.get(series) === runs ||
        undefined,
    );
    assert.equal(await prometheus.number(series), runs);
    const pushed = collector.metrics.filter(({ resource }) => resource["service.name"] === "kopiur-mover");
    // Each mover is an instance of its own; those of the outages are lost, and no backup with them.
    const instances = new Set(pushed.map(({ resource }) => resource["service.instance.id"]));
    assert.ok(instances.size >= 8, [...instances].join(" "));
  });

  await t.step("promtool finds nothing in the scraped text that is not justified", async () => {
    const { pod } = await stage.leader();
    const response = await fetch(`http://${pod.address}:8080/metrics`, {
      signal: AbortSignal.timeout(5_000),
    });
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.deepEqual(await promtoolRemarks(await response.text()), []);
  });

  await t.step("every metric of the catalog moves when what it tells of happens", async () => {
    await stirEverything(stage, prometheus, tenant);
    const moving = metricNames().filter((name) => !constants.includes(name) && !provoked.includes(name));
    let still: readonly MetricName[] = moving;
    await waitUntil(async () => {
      const found = await Promise.all(still.map((name) => hasMoved(prometheus, name)));
      still = still.filter((_, index) => found[index] !== true);
      return still.length === 0 || undefined;
    }, { what: "every metric to move", limitSeconds: 90, everyMs: 1000 }).catch((cause) => {
      throw new Error(`Never moved: ${still.join(", ")}`, { cause });
    });
    for (const name of constants) {
      assert.equal(await prometheus.number(`min(${name}) + max(${name})`), 2, name);
    }
  });
});

/** Where 0 is not told, to be there at all is the other value. */
async function hasMoved(prometheus: Prometheus, name: MetricName): Promise<boolean> {
  return metricEntry(name).zero === "absent"
    ? await prometheus.hasRisen(name)
    : await prometheus.hasMoved(seriesOf(name));
}

/** The series that shows whether anything was recorded; a histogram's count. */
function seriesOf(name: MetricName): string {
  return metricEntry(name).instrument === "histogram" ? `${name}_count` : name;
}

/** What the runs above gave no occasion for: gaps, waits, orphans, deletions that fail, and an API server that hangs and dies. */
async function stirEverything(stage: Stage, prometheus: Prometheus, tenant: Tenant): Promise<void> {
  const store = await tenant.folderOf("home-store");
  await tenant.custom("BackupSchedule", "minutely", {
    configRef: { name: "photos" },
    schedule: { cron: "* * * * *", runOnCreate: true },
  });
  await tenant.kubectl(
    "patch",
    "backupschedule",
    "nightly",
    "--type=merge",
    '-p={"spec":{"schedule":{"suspend":true}}}',
  );
  const { spec: photos } = await tenant.get("BackupConfig", "photos");
  await tenant.custom("BackupConfig", "photos", { ...photos, retention: { keepLatest: 3 } });
  const unprotected = 'kopiur_pvc_unprotected{namespace="watched"}';
  const before = await prometheus.number(unprotected);
  const letters = await tenant.volume("letters", { "open.txt": "dear reader", "shut.txt": "x" });
  // Until a recipe covers it; that follows too soon for a scrape to be in between by itself.
  await waitUntil(async () => await prometheus.number(unprotected) === before + 1 || undefined, {
    what: "the claim without a recipe to be counted",
    limitSeconds: 60,
    everyMs: 500,
  });
  await Deno.chmod(join(letters, "shut.txt"), 0o600);
  await tenant.config("letters", "home", ["letters"]);
  await tenant.backup("letters", "letters");
  assert.equal((await tenant.ended("letters"))["status"].stats.unreadable, 1);
  // Another Repository over the same storage finds the snapshots that are there.
  await tenant.custom("Repository", "again", {
    backend: { filesystem: { volume: { pvc: { name: "home-store" } } } },
    encryption: { passwordSecretRef: { name: "home-password" } },
  });
  await tenant.until("Repository", "again", ({ status }) => status?.phase === "Ready", 150);
  await tenant.config("absent", "home", ["absent"]);
  const waiting = 'kopiur_backups_waiting{namespace="watched",reason="VolumeNotFound"}';
  for (const [index, name] of ["waits", "waits-too"].entries()) {
    await tenant.backup(name, "absent");
    await waitUntil(async () => await prometheus.number(waiting) === index + 1 || undefined, {
      what: "the Backup that waits to be counted",
      limitSeconds: 60,
      everyMs: 500,
    });
  }
  await refuseJobs(stage.cluster, "watched");
  await tenant.backup("tried-again", "photos");
  await tenant.until(
    "Backup",
    "tried-again",
    ({ status }) => /KubeApiError/.test(JSON.stringify(status)),
    20,
  );
  await stage.cluster.kubectl("delete", "validatingwebhookconfigurations", "jobs-of-watched");
  assert.equal((await tenant.ended("tried-again"))["status"].phase, "Succeeded");
  await tenant.kubectl("annotate", "backup", "traced", `${SKIP_CLEANUP}=true`);
  await tenant.kubectl("delete", "backup", "traced");
  const { mode } = await Deno.stat(store);
  await Deno.chmod(store, 0o000);
  await tenant.kubectl("delete", "backup", "first", "--wait=false");
  // A deletion settles before it begins.
  await tenant.until(
    "Backup",
    "first",
    ({ status }) => /SnapshotDeletionFailed/.test(JSON.stringify(status?.conditions)),
    150,
  );
  await Deno.chmod(store, mode ?? 0o777);
  await tenant.kubectl("delete", "backup", "letters", "--wait=false");
  await tenant.gone("Backup", "letters", 150);
  await stage.cluster.signal("kube-apiserver", "SIGSTOP");
  await pause(4_000);
  await stage.cluster.signal("kube-apiserver", "SIGCONT");
  await stage.cluster.apiServerReady();
  // Twice, so that a counter that begins with the first outage is seen to go on.
  for (const _outage of [1, 2]) {
    await stage.cluster.signal("kube-apiserver");
    await stage.cluster.apiServerReady();
    await pause(4_000);
  }
}

/** One trace from the status of a Backup to the last span and line of its mover. */
async function assertOneTrace(collector: Collector, backup: Found): Promise<void> {
  const { traceId } = backup["status"];
  const { name, uid } = backup.metadata;
  assert.match(traceId, /^[0-9a-f]{32}$/, uid);
  const ofTrace = () => collector.spans.filter((span) => span.traceId === traceId);
  const pass = await collector.received(
    "a pass over the Backup",
    () =>
      ofTrace().find((span) =>
        span.name === "reconcile" && span.attributes["name"] === name &&
        ofTrace().some(({ parentSpanId }) => parentSpanId === span.spanId)
      ),
  );
  assert.deepEqual([pass.attributes["kind"], pass.attributes["namespace"]], ["Backup", "watched"]);
  assert.equal(pass.resource["service.name"], "kopiur-controller");
  const request = ofTrace().find(({ parentSpanId }) => parentSpanId === pass.spanId);
  assert.match(request?.name ?? "", /^(GET|PUT|PATCH|POST|DELETE) \/api/);
  const mover = await collector.received("the mover", () => ofTrace().find(({ name }) => name === "mover"));
  assert.equal(mover.resource["service.name"], "kopiur-mover");
  assert.deepEqual([mover.attributes["operation"], mover.attributes["name"]], ["Backup", name]);
  await collector.received(
    "kopia beneath it",
    () => ofTrace().find((span) => span.name === "kopia" && span.parentSpanId === mover.spanId),
  );
  for (const service of ["kopiur-controller", "kopiur-mover"]) {
    await collector.received(
      `a log line of ${service}`,
      () => collector.logs.find((log) => log.traceId === traceId && log.resource["service.name"] === service),
    );
  }
}

/** The promised queries (deploy/docs/contract.md), and the answers these runs must give. */
async function answersOfTheRun(prometheus: Prometheus, tenant: Tenant, runs: number): Promise<void> {
  const recipe = '{namespace="watched",name="photos"}';
  await waitUntil(
    async () =>
      await prometheus.number('sum(kopiur_backups_total{outcome="failure"})') === 1 &&
        await prometheus.number(`kopiur_backups_total{name="photos",outcome="success"}`) === runs ||
      undefined,
    { what: "the newest scrape", limitSeconds: 10, everyMs: 500 },
  );
  const rate = await prometheus.number(
    'sum(rate(kopiur_backups_total{outcome="success"}[24h])) / sum(rate(kopiur_backups_total[24h]))',
  );
  near(rate, runs / (runs + 1), 0.02, "success rate over 24 hours");

  const failed = await prometheus.query(
    'sum(increase(kopiur_backups_total{outcome="failure"}[1h])) by (namespace, name)',
  );
  assert.deepEqual(failed.filter(({ value }) => value > 0).map(({ labels }) => labels), [
    { namespace: "watched", name: "tiny" },
  ]);
  near(failed.find(({ labels }) => labels["name"] === "tiny")?.value ?? 0, 1, 0.2, "failed backups");

  const p99 = await prometheus.query(
    "histogram_quantile(0.99, sum(rate(kopiur_backup_run_duration_seconds_bucket[1h])) by (le, name))",
  );
  const ofPhotos = p99.find(({ labels }) => labels["name"] === "photos")?.value ?? NaN;
  assert.ok(ofPhotos > 0 && ofPhotos <= 30, `p99 of the duration is ${ofPhotos} s`);
  const files = (await tenant.get("Backup", "again"))["status"].stats.files;
  const saved = await prometheus.number(`kopiur_backup_saved_files_total${recipe}`);
  assert.ok(saved >= files && saved <= files * runs, `${saved} files in ${runs} runs of ${files}`);
  assert.equal(await prometheus.number("sum(kopiur_backup_run_duration_seconds_count)"), runs + 1);

  const newest = (await tenant.list("Backup")).filter(({ status }) => status?.phase === "Succeeded")
    .map(({ status }) => Date.parse(status.timing.endTime)).toSorted((a, b) => b - a)[0] ?? 0;
  const age = await prometheus.number(`time() - kopiur_backup_last_success_timestamp_seconds${recipe}`);
  near(age, (Date.now() - newest) / 1000, 3, "time since the last backup");
  const size = (await tenant.get("Backup", "again"))["status"].stats.sizeBytes;
  assert.equal(await prometheus.number(`kopiur_backup_size_bytes${recipe}`), size);

  const errors = await waitUntil(async () => {
    const answers = await prometheus.query(
      "sum(rate(kopiur_controller_reconcile_errors_total[5m])) by (kind)",
    );
    return answers.some(({ value }) => value > 0) ? answers : undefined;
  }, { what: "the rate of errors", limitSeconds: 10, everyMs: 500 });
  assert.deepEqual(
    errors.filter(({ value }) => value > 0).map(({ labels }) => labels["kind"]),
    ["BackupConfig"],
  );
  assert.ok(errors.length >= 3, "kinds without errors read 0");

  await waitUntil(async () => {
    const depths = await prometheus.query("kopiur_workqueue_depth");
    assert.ok(depths.length >= 3);
    return depths.every(({ value }) => value === 0) || undefined;
  }, { what: "an empty queue", limitSeconds: 60, everyMs: 500 });
  assert.ok(await prometheus.number("sum(kopiur_workqueue_adds_total)") > runs);
  assert.equal(await prometheus.number("sum(kopiur_leader)"), 1);
  assert.equal(await prometheus.number('sum(up{job="kopiur"})'), 2);
  assert.deepEqual(await prometheus.query('{__name__=~"kopiur_.+",otel_scope_name!=""}'), []);
  assert.deepEqual(await prometheus.query('{exported_namespace!=""}'), [], "honorLabels was not heeded");
}

/** Labels that come from the scrape; where a metric has its own of that name (`own`), it is the metric's. */
function ofScrape(own: readonly string[]): readonly string[] {
  return ["__name__", "job", "instance", "service", "pod", "namespace"].filter((each) => !own.includes(each));
}

async function failures(prometheus: Prometheus): Promise<number> {
  return await prometheus.number("sum(kopiur_telemetry_export_failures_total)");
}

function near(found: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: it is ${found}, expected ${expected}`);
}

/** The Prometheus Operator's kind, as far as an API server needs it. */
async function installServiceMonitors(cluster: Cluster): Promise<void> {
  await cluster.apply({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "servicemonitors.monitoring.coreos.com" },
    spec: {
      group: "monitoring.coreos.com",
      scope: "Namespaced",
      names: { kind: "ServiceMonitor", plural: "servicemonitors" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      }],
    },
  });
  await cluster.kubectl(
    "wait",
    "--for=condition=Established",
    "--timeout=20s",
    "crd/servicemonitors.monitoring.coreos.com",
  );
}

/** An admission webhook nobody answers for: Jobs of the namespace cannot be made while it is there. */
async function refuseJobs(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.apply({
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: `jobs-of-${namespace}` },
    webhooks: [{
      name: "nobody.example.com",
      clientConfig: { url: "https://127.0.0.1:9/" },
      rules: [{ apiGroups: ["batch"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["jobs"] }],
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
      failurePolicy: "Fail",
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      timeoutSeconds: 2,
    }],
  });
}

/** The Secret with the collector's headers, in a namespace that is made when it is not there. */
async function makeHeaders(cluster: Cluster, namespace: string): Promise<void> {
  const { name, stringData } = headers;
  await cluster.tryKubectl(["create", "namespace", namespace]);
  await cluster.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, stringData });
}

/** What this cluster has otherwise than the overlay: its collector, and less patience between two exports. */
async function writeValues(folder: string, { endpoint, caPem = "" }: Collector): Promise<string> {
  const extraEnv = Object.entries({
    OTEL_EXPORTER_OTLP_CERTIFICATE: caPem,
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
    OTEL_BSP_SCHEDULE_DELAY: "500",
    OTEL_BLRP_SCHEDULE_DELAY: "500",
  }).map(([name, value]) => ({ name, value }));
  const values = {
    metrics: { serviceMonitor: { interval: "1s" } },
    observability: { otlp: { endpoint, headersSecretRef: { name: headers.name }, extraEnv } },
  };
  const path = join(folder, "observability.json");
  await Deno.writeTextFile(path, JSON.stringify(values));
  return path;
}

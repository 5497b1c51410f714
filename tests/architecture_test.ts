import assert from "node:assert/strict";
import { KIND_NAMES } from "../api/kind_names.ts";
import { circles, type ImportEdge, packageViolations, violations } from "./architecture.ts";
import { projectFiles } from "./support/project_files.ts";

interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
  readonly isDynamic?: boolean;
}

interface Module {
  readonly path: string;
  readonly dependencies: readonly Dependency[];
}

const root = new URL("../", import.meta.url);

async function moduleGraph(): Promise<readonly Module[]> {
  const entry = (await projectFiles([".ts"])).filter((path) => !path.endsWith("_test.ts"));
  const list = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(list, entry.map((path) => `import "${new URL(path, root).href}";`).join("\n"));
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", new URL("deno.json", root).pathname, list],
      stderr: "null",
    }).output();
    const graph = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: readonly { specifier: string; dependencies?: readonly Dependency[] }[];
    };
    return graph.modules.filter((module) => module.specifier.startsWith(root.href)).map((module) => ({
      path: module.specifier.slice(root.href.length),
      dependencies: module.dependencies ?? [],
    }));
  } finally {
    await Deno.remove(list);
  }
}

Deno.test("the import matrix holds over the whole module graph", async () => {
  const modules = await moduleGraph();
  assert.ok(modules.length > 50, `the graph has ${modules.length} modules, expected the whole project`);
  const edges: ImportEdge[] = [];
  const packages: { from: string; specifier: string; typeOnly: boolean }[] = [];
  for (const { path, dependencies } of modules) {
    for (const { specifier, code, type } of dependencies) {
      const target = code?.specifier ?? type?.specifier;
      if (target?.startsWith(root.href)) {
        edges.push({ from: path, to: target.slice(root.href.length), typeOnly: code === undefined });
      } else packages.push({ from: path, specifier, typeOnly: code === undefined });
    }
  }
  assert.deepEqual([...violations(edges), ...circles(edges), ...packageViolations(packages)], []);
});

Deno.test("what many processes start with loads nothing that only some of them need", async () => {
  const modules = await moduleGraph();
  const kinds = Object.values(KIND_NAMES).map(({ kind }) =>
    `api/${kind.replace(/(?!^)[A-Z]/g, "_$&").toLowerCase()}.ts`
  );
  const otherRoles = [
    "controller/mod.ts",
    "telemetry/otlp/exporters.ts",
    "telemetry/metrics/prometheus_serializer.ts",
  ];
  const cases: readonly [readonly string[], readonly string[]][] = [
    [["mod.ts"], ["api/mover/contract.ts", "kube/mod.ts", "mover/mod.ts"]],
    // Up to the first request; the rest is loaded while the API server is at work.
    [["mod.ts", "cmd/plugin/command.ts", "cmd/plugin/status/status.ts"], [
      "api/mover/contract.ts",
      "cmd/plugin/table.ts",
    ]],
    [["mod.ts", "cmd/roles/mover.ts"], ["kube/mod.ts"]],
  ];
  const report = loadedBy(modules, ["cmd/plugin/status/report.ts"]);
  assert.deepEqual([report.has("api/kinds/backup.ts"), report.has("api/mover/contract.ts")], [true, false]);
  for (const [starts, others] of cases) {
    const loaded = loadedBy(modules, starts);
    assert.ok(starts.every((start) => loaded.has(start)) && loaded.size > 10, `${starts}: ${loaded.size}`);
    assert.deepEqual(
      [...kinds, ...otherRoles, ...others].filter((path) => loaded.has(path)),
      [],
      `${starts}`,
    );
  }
});

/** The modules a start evaluates; those of dynamic imports come later. */
function loadedBy(modules: readonly Module[], starts: readonly string[]): ReadonlySet<string> {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const loaded = new Set<string>();
  const pending = [...starts];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const module = byPath.get(path);
    if (module === undefined || loaded.has(path)) continue;
    loaded.add(path);
    const now = module.dependencies.filter(({ code, isDynamic }) => code !== undefined && isDynamic !== true);
    pending.push(...now.map(({ code }) => code?.specifier?.slice(root.href.length) ?? ""));
  }
  return loaded;
}

Deno.test("violations() refuses a kind that imports a kind, and an arrow that points up", () => {
  const edge = (from: string, to: string): ImportEdge => ({ from, to, typeOnly: false });
  assert.equal(violations([edge("controller/backup/plan.ts", "controller/repository/mod.ts")]).length, 1);
  assert.equal(violations([edge("controller/restore/run/a.ts", "controller/backup/mod.ts")]).length, 1);
  assert.deepEqual(violations([edge("controller/restore/run/a.ts", "controller/restore/b.ts")]), []);
  assert.equal(violations([edge("controller/shared/mod.ts", "controller/restore/mod.ts")]).length, 1);
  assert.equal(violations([edge("api/kinds/backup.ts", "telemetry/mod.ts")]).length, 1);
  assert.equal(violations([edge("kube/queue.ts", "controller/mod.ts")]).length, 1);
  assert.equal(violations([edge("cmd/roles/mover.ts", "mover/kopia/run.ts")]).length, 1);
  assert.equal(violations([edge("controller/backup/mod.ts", "kube/watch/informer.ts")]).length, 1);
  assert.equal(violations([edge("mover/mod.ts", "mover/support/fake_kopia.ts")]).length, 1);
  assert.deepEqual(violations([edge("cmd/roles/mover.ts", "mover/mod.ts")]), []);
});

Deno.test("violations() lets a webhook have the rules and the timetable, and nothing of the controller", () => {
  const edge = (from: string, to: string): ImportEdge => ({ from, to, typeOnly: false });
  const leaves = ["api/rules/mod.ts", "api/cron/mod.ts"];
  for (const from of ["webhook/backup_schedule.ts", "controller/backup_schedule/plan.ts"]) {
    assert.deepEqual(violations(leaves.map((to) => edge(from, to))), []);
  }
  assert.equal(violations([edge("webhook/mod.ts", "controller/shared/mod.ts")]).length, 1);
  assert.equal(violations([edge("webhook/mod.ts", "api/cron/slots.ts")]).length, 1);
  for (const from of ["api/mod.ts", "mover/mod.ts", "kube/mod.ts"]) {
    assert.equal(violations(leaves.map((to) => edge(from, to))).length, 2, from);
  }
  assert.equal(violations([edge("api/rules/repository.ts", "kube/types.ts")]).length, 1);
});

Deno.test("circles() finds files and folders that import each other, by a type or by a third", () => {
  const edge = (from: string, to: string): ImportEdge => ({ from, to, typeOnly: true });
  const there = [
    edge("kube/watch/informer.ts", "kube/lead/lease.ts"),
    edge("kube/lead/lease.ts", "kube/a.ts"),
  ];
  assert.deepEqual(circles(there), []);
  assert.deepEqual(circles([...there, edge("kube/a.ts", "kube/watch/cache.ts")]), [
    "kube has a circle among a.ts, lead, watch: expected arrows that go one way",
  ]);
  assert.deepEqual(
    circles([edge("kube/lead/a.ts", "kube/lead/b.ts"), edge("kube/lead/b.ts", "kube/lead/a.ts")]),
    [
      "kube/lead has a circle among a.ts, b.ts: expected arrows that go one way",
    ],
  );
  assert.deepEqual(circles([edge("kube/a.ts", "kube/b.ts"), edge("kube/b_test.ts", "kube/a.ts")]), []);
});

Deno.test("packageViolations() keeps client-node with its types in kube, and OpenTelemetry in telemetry", () => {
  const imported = (from: string, specifier: string, typeOnly = false) =>
    packageViolations([{ from, specifier, typeOnly }]).length;
  const client = "@kubernetes/client-node";
  assert.equal(imported("cmd/plugin/status/status.ts", client), 1);
  assert.equal(imported("controller/movers/job/mover_job.ts", client, true), 1);
  assert.equal(imported("kube/builtins.ts", client, true), 0);
  assert.equal(imported("mover/mod.ts", "@opentelemetry/api"), 1);
  assert.equal(imported("mover/mod.ts", "@opentelemetry/api", true), 0);
  assert.equal(imported("telemetry/traces/tracer.ts", "@opentelemetry/api"), 0);
});

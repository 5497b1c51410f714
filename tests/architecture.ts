/** The import matrix as data and as a pure check over module paths. */

/** One import between two modules of the project, as paths from its root. */
export interface ImportEdge {
  readonly from: string;
  readonly to: string;
  /** True for `import type`, which leaves nothing at run time. */
  readonly typeOnly: boolean;
}

/** Folders of the product, most specific first. */
const AREAS = [
  "controller/runtime",
  "controller/shared",
  "controller/movers",
  "controller",
  "webhook",
  "deploy",
  "api/cron",
  "api/rules",
  "api",
  "kube",
  "telemetry",
  "mover",
  "cmd",
  "tests",
] as const;

/** `kind`: any other folder of the controller. */
type Area = typeof AREAS[number] | "kind" | "root";

const FOLDER_OF_KIND = /^controller\/(?!runtime\/|shared\/|movers\/)[a-z_]+\//;

/** What each area may import; `tests` may import anything, `mod.ts` at the root only cmd. */
const MAY_IMPORT: Readonly<Record<Area, readonly Area[]>> = {
  api: [],
  "api/cron": ["api"],
  "api/rules": ["api"],
  telemetry: [],
  kube: ["api", "telemetry"],
  "controller/shared": ["api", "api/rules", "kube", "telemetry", "controller"],
  "controller/movers": [
    "api",
    "api/rules",
    "kube",
    "telemetry",
    "controller/runtime",
    "controller/shared",
    "controller",
  ],
  "controller/runtime": ["api", "kube", "telemetry", "controller"],
  // Never another kind.
  kind: [
    "api",
    "api/cron",
    "api/rules",
    "kube",
    "telemetry",
    "controller/runtime",
    "controller/shared",
    "controller/movers",
    "controller",
  ],
  controller: [
    "api",
    "kube",
    "telemetry",
    "controller/runtime",
    "controller/shared",
    "controller/movers",
    "kind",
  ],
  webhook: ["api", "api/cron", "api/rules", "telemetry"],
  mover: ["api", "telemetry"],
  cmd: ["api", "kube", "telemetry", "controller/shared", "controller", "mover"],
  deploy: ["api", "kube", "telemetry", "controller", "cmd", "tests"],
  tests: [],
  root: ["cmd"],
};

/** What a kind may know of the API server: interfaces and types. */
const SEEN_BY_KINDS: readonly string[] = ["kube/types.ts", "kube/resources.ts", "kube/builtins.ts"];

/** Files other folders may import beside a folder's `mod.ts`. */
const PUBLIC_FILES = [
  /^api\/((kinds|mover|catalogs)\/)?[a-z_]+\.ts$/,
  /^kube\/(types|builtins)\.ts$/,
  /^cmd\/config\/config\.ts$/,
  /^controller\/options\.ts$/,
  /^controller\/runtime\/[a-z_]+\.ts$/,
  /^controller\/shared\/[a-z_]+\/[a-z_]+\.ts$/,
];

/** Area of a module by its path from the root. */
export function areaOf(path: string): Area {
  if (FOLDER_OF_KIND.test(path)) return "kind";
  return AREAS.find((area) => path.startsWith(`${area}/`)) ?? "root";
}

/** Tests, and what only tests use: it may import anything and nothing of the product may import it. */
function isTestCode(path: string): boolean {
  return /_(test|bench)\.ts$/.test(path) || path.includes("/support/") ||
    /(^|\/)fake_[a-z_]+\.ts$/.test(path) ||
    (path.startsWith("tests/") && !path.startsWith("tests/parts/") && !path.startsWith("tests/cluster/"));
}

/** A sentence for each import that breaks the matrix; empty when the house is in order. */
export function violations(edges: readonly ImportEdge[]): readonly string[] {
  return edges.flatMap((edge) => {
    const from = areaOf(edge.from);
    const to = areaOf(edge.to);
    if (from === "tests" || isTestCode(edge.from)) return [];
    if (isTestCode(edge.to)) return [`${edge.from} imports ${edge.to}: only tests may import test code`];
    if (from === to && FOLDER_OF_KIND.exec(edge.from)?.[0] === FOLDER_OF_KIND.exec(edge.to)?.[0]) return [];
    if (!MAY_IMPORT[from].includes(to)) {
      return [`${edge.from} imports ${edge.to}: ${from} may not import ${to}`];
    }
    if (to === "controller" && from.startsWith("controller/") && edge.to !== "controller/options.ts") {
      return [`${edge.from} imports ${edge.to}: arrows point down, expected only controller/options.ts`];
    }
    if (
      (from === "kind" || from === "controller/shared" || from === "controller/movers") &&
      to === "kube" &&
      !SEEN_BY_KINDS.includes(edge.to)
    ) {
      return [`${edge.from} imports ${edge.to}: of kube, kinds see ${SEEN_BY_KINDS.join(", ")} only`];
    }
    const isPublic = edge.to.endsWith("/mod.ts") || edge.to === "kube/resources.ts" ||
      PUBLIC_FILES.some((pattern) => pattern.test(edge.to));
    if (!isPublic && from !== "deploy" && from !== "root") {
      return [`${edge.from} imports ${edge.to}: from another folder only its mod.ts may be imported`];
    }
    return [];
  });
}

/**
 * A sentence for each folder whose files and folders import each other in a circle, types included: none of them can be
 * read, or moved, without the others.
 */
export function circles(edges: readonly ImportEdge[]): readonly string[] {
  const ours = edges.filter(({ from, to }) =>
    !isTestCode(from) && areaOf(from) !== "tests" && areaOf(to) !== "tests"
  );
  const folders = new Set(ours.flatMap(({ from, to }) => [...foldersOf(from), ...foldersOf(to)]));
  return [...folders].sort().flatMap((folder) => {
    const inCircles = membersOfCircles(arrowsWithin(folder, ours));
    return inCircles.length === 0
      ? []
      : [`${folder} has a circle among ${inCircles.join(", ")}: expected arrows that go one way`];
  });
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** Who imports whom among the files and folders directly in a folder. */
function arrowsWithin(
  folder: string,
  edges: readonly ImportEdge[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const { from, to } of edges) {
    if (![from, to].every((path) => path.startsWith(`${folder}/`))) continue;
    const [a = "", b = ""] = [from, to].map((path) => path.slice(folder.length + 1).split("/")[0]);
    if (a !== b) arrows.set(a, (arrows.get(a) ?? new Set()).add(b));
  }
  return arrows;
}

/** Those from which arrows lead back to themselves. */
function membersOfCircles(arrows: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  return [...arrows.keys()].sort().filter((start) => {
    const reached = new Set<string>();
    const pending = [...arrows.get(start) ?? []];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      pending.push(...arrows.get(at) ?? []);
    }
    return reached.has(start);
  });
}

/**
 * npm packages only one area may import at run time; of client-node nobody else imports even types, for they say Date where
 * JSON has texts: `kube/builtins.ts` has them as they are on the wire.
 */
const OWNED_PACKAGES: readonly {
  readonly pattern: RegExp;
  readonly area: Area;
  readonly typesToo?: boolean;
}[] = [
  { pattern: /^@kubernetes\/client-node/, area: "kube", typesToo: true },
  { pattern: /^@opentelemetry\//, area: "telemetry" },
  { pattern: /^@grpc\//, area: "telemetry" },
  { pattern: /^commander$/, area: "cmd" },
  { pattern: /^cli-table3$/, area: "cmd" },
  { pattern: /^croner$/, area: "api/cron" },
];

/** A sentence for each npm import outside the one area that may have it. */
export function packageViolations(
  imports: readonly { readonly from: string; readonly specifier: string; readonly typeOnly: boolean }[],
): readonly string[] {
  return imports.flatMap(({ from, specifier, typeOnly }) => {
    if (areaOf(from) === "tests" || isTestCode(from)) return [];
    const owner = OWNED_PACKAGES.find(({ pattern }) => pattern.test(specifier));
    if (owner === undefined || areaOf(from) === owner.area || (typeOnly && owner.typesToo !== true)) {
      return [];
    }
    return [`${from} imports '${specifier}': only ${owner.area} may`];
  });
}

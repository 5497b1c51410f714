/** House rules as `deno lint` rules: what can be seen in one file (STYLE.md §3, 5 and 6). */
import { fileURLToPath } from "node:url";

/** Files that may touch clock, environment, disk, network and timers; everything else is pure. */
export const EFFECT_FILES: readonly RegExp[] = [
  /^mod\.ts$/,
  /^(cmd|deploy|tests|kube|telemetry|mover)\//,
  /^controller\/mod\.ts$/,
  /^controller\/runtime\/(manager|reconcile|worker|state_source|heartbeat)[a-z_]*\.ts$/,
];

/** Files and folders among those that are pure all the same. */
export const PURE_FILES: readonly string[] = [
  "cmd/args.ts",
  "cmd/config/config.ts",
  "cmd/config/variable.ts",
  "cmd/config/variable_schema.ts",
  "cmd/help_text.ts",
  "cmd/plugin/args.ts",
  "cmd/plugin/deletions/held.ts",
  "cmd/plugin/deletions/view.ts",
  "cmd/plugin/status/document.ts",
  "cmd/plugin/status/health.ts",
  "cmd/plugin/status/objects.ts",
  "cmd/plugin/status/rows.ts",
  "cmd/plugin/status/unprotected_rows.ts",
  "cmd/plugin/status/view.ts",
  "cmd/plugin/table.ts",
  "cmd/plugin/text.ts",
  "kube/errors.ts",
  "kube/resources.ts",
  "kube/types.ts",
  "kube/watch/cache.ts",
  "mover/kopia/argv.ts",
  "mover/kopia/errors.ts",
  "mover/kopia/output.ts",
  "telemetry/config.ts",
  "telemetry/logs/filter.ts",
  "telemetry/logs/format.ts",
  "telemetry/metrics/catalog/",
  "telemetry/metrics/tombstones.ts",
  "telemetry/otlp/config.ts",
  "telemetry/otlp/endpoint.ts",
  "telemetry/otlp/key_value_list.ts",
  "telemetry/otlp/target.ts",
  "telemetry/otlp/tuning.ts",
  "telemetry/otlp/variables.ts",
  "telemetry/passthrough.ts",
  "telemetry/redact.ts",
  "telemetry/redact_patterns.ts",
  "telemetry/resource_attributes.ts",
  "telemetry/semconv.ts",
  "telemetry/settings.ts",
  "telemetry/traces/catalog.ts",
  "telemetry/traces/traceparent.ts",
];

/** Where the project lies; its own folder may be called anything, `mover` as well. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "pure": {
      create(context) {
        const path = projectPath(context.filename);
        if (path === undefined || isTestFile(path) || mayHaveEffects(path)) {
          return {};
        }
        return {
          "NewExpression[callee.name='Date'][arguments.length=0]": (node: Deno.lint.NewExpression) =>
            context.report({
              node,
              message: "Cannot read the clock in a pure file: take 'now' as an argument",
            }),
          MemberExpression(node) {
            const name = memberName(node);
            if (name !== undefined && IMPURE.has(name)) {
              context.report({
                node,
                message: `Cannot use ${name} in a pure file: take its value as an argument`,
              });
            }
          },
          CallExpression(node) {
            if (node.callee.type === "Identifier" && IMPURE_CALLS.has(node.callee.name)) {
              context.report({
                node,
                message:
                  `Cannot call ${node.callee.name}() in a pure file: give the work to a file with effects`,
              });
            }
          },
        };
      },
    },
    "no-env": {
      create(context) {
        const path = projectPath(context.filename);
        if (path === undefined || path === "mod.ts" || /^(deploy|tests)\//.test(path) || isTestFile(path)) {
          return {};
        }
        return {
          MemberExpression(node) {
            if (memberName(node) === "Deno.env") {
              context.report({
                node,
                message: "Cannot read Deno.env here: mod.ts reads it once and cmd/config/config.ts parses it",
              });
            }
          },
        };
      },
    },
    "no-top-level-arrow": {
      create(context) {
        if (isTestFile(context.filename)) return {};
        return {
          "Program > VariableDeclaration > VariableDeclarator > ArrowFunctionExpression": (
            node: Deno.lint.ArrowFunctionExpression,
          ) =>
            context.report({
              node,
              message: "Cannot use an arrow function at top level: write a function declaration",
            }),
          "Program > ExportNamedDeclaration > VariableDeclaration > VariableDeclarator > ArrowFunctionExpression":
            (
              node: Deno.lint.ArrowFunctionExpression,
            ) =>
              context.report({
                node,
                message: "Cannot use an arrow function at top level: write a function declaration",
              }),
        };
      },
    },
    "error-message": {
      create(context) {
        if (isTestFile(context.filename)) return {};
        return {
          NewExpression(node) {
            if (node.callee.type !== "Identifier" || !/Error$/.test(node.callee.name)) return;
            for (const argument of node.arguments) {
              const text = literalStart(argument);
              if (text !== undefined && /\.$/.test(text.end) && !text.end.endsWith("…")) {
                context.report({ node, message: "Cannot end an error message with a full stop" });
              }
            }
          },
        };
      },
    },
  },
};

export default plugin;

const IMPURE = new Set([
  "Date.now",
  "Math.random",
  "Deno.env",
  "Deno.readTextFile",
  "Deno.writeTextFile",
  "Deno.Command",
  "performance.now",
  "crypto.randomUUID",
  "console.log",
  "console.error",
]);
const IMPURE_CALLS = new Set(["fetch", "setTimeout", "setInterval"]);

function mayHaveEffects(path: string): boolean {
  return EFFECT_FILES.some((pattern) => pattern.test(path)) &&
    !PURE_FILES.some((pure) => path.startsWith(pure));
}

function memberName(node: Deno.lint.MemberExpression): string | undefined {
  if (node.computed || node.object.type !== "Identifier" || node.property.type !== "Identifier") {
    return undefined;
  }
  return `${node.object.name}.${node.property.name}`;
}

function literalStart(node: Deno.lint.Node): { readonly end: string } | undefined {
  if (node.type === "Literal" && typeof node.value === "string") return { end: node.value };
  if (node.type === "TemplateLiteral") return { end: node.quasis.at(-1)?.cooked ?? "" };
  return undefined;
}

function isTestFile(path: string): boolean {
  return /_(test|bench)\.ts$/.test(path) || path.includes("/tests/support/");
}

/** Path from the project's root; undefined for what is none of ours. */
function projectPath(filename: string): string | undefined {
  const path = filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
  return /^(?:(?:api|kube|controller|webhook|mover|telemetry|cmd|deploy|tests)\/|mod\.ts$)/.test(path)
    ? path
    : undefined;
}

/** House rules as `deno lint` rules: what can be seen in one file (STYLE.md §3, §5, §6). */
import { fileURLToPath } from "node:url";

/** Files that may touch clock, environment, disk, network and timers; everything else is pure. */
export const EFFECT_FILES: readonly RegExp[] = [
  /^mod\.ts$/,
  /^cmd\//,
  /^deploy\//,
  /^tests\//,
  /^kube\/(?!types\.ts|resources\.ts|errors\.ts|watch\/cache\.ts)/,
  /^telemetry\/(?!config\.ts|redact\.ts|semconv\.ts|logs\/(filter|format)\.ts|metrics\/(catalog\/|tombstones\.ts)|traces\/traceparent\.ts)/,
  /^mover\/(?!kopia_argv\.ts|kopia_output\.ts|kopia_errors\.ts|result\.ts)/,
  /^controller\/mod\.ts$/,
  /^controller\/runtime\/(manager|reconcile|worker|state_source|heartbeat)[a-z_]*\.ts$/,
];

/** Where the project lies; its own folder may be called anything, `mover` as well. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "pure": {
      create(context) {
        const path = projectPath(context.filename);
        if (path === undefined || isTestFile(path) || EFFECT_FILES.some((pattern) => pattern.test(path))) {
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

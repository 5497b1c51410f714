/**
 * Which fields of the kinds the controller reads and writes, as a check over schemas and source text.
 * Uses the parser of `Deno.lint`, which only a test may.
 */
import { type KindDefinition, openApiSchema } from "../api/mod.ts";

/** A field of a schema; items of a list have the path of the list. */
export interface Field {
  /** e.g. `spec.backend.s3.bucket`. */
  readonly path: string;
  /** Name of the field it is in. */
  readonly parent: string;
  readonly name: string;
}

/** What a source file does with names: `parent.name` pairs where the source shows them. */
export interface Mentions {
  readonly file: string;
  readonly readPairs: ReadonlySet<string>;
  /** Names it reads of anything. */
  readonly read: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
  readonly writtenPairs: ReadonlySet<string>;
}

interface Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly items?: Json;
}

/** Every field of one half of a kind, but for what is inside those named in `whole`. */
export function fieldsOf(
  definition: Pick<KindDefinition, "spec" | "status">,
  half: "spec" | "status",
  whole: readonly string[] = [],
): readonly Field[] {
  return walk(openApiSchema(definition[half]) as Json, half, half);

  function walk(schema: Json, path: string, parent: string): readonly Field[] {
    if (schema.items !== undefined) return walk(schema.items, path, parent);
    return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
      const field = { path: `${path}.${name}`, parent, name };
      const isWhole = whole.some((end) => field.path.endsWith(`.${end}`));
      return isWhole ? [field] : [field, ...walk(inner, field.path, name)];
    });
  }
}

/**
 * Spec fields nobody reads. A field counts as read where the source shows it right under its parent, and in the file
 * that `takers` names for its parent's path, to which the parent is handed whole.
 */
export function unreadFields(
  fields: readonly Field[],
  sources: readonly Mentions[],
  takers: Readonly<Record<string, string>> = {},
): readonly string[] {
  return fields
    .filter(({ path, parent, name }) => {
      const taker = takers[path.slice(0, path.lastIndexOf("."))];
      return !sources.some(({ file, read, readPairs }) =>
        readPairs.has(`${parent}.${name}`) || (file === taker && read.has(name))
      );
    })
    .map(({ path }) => path);
}

/**
 * Status fields nobody writes. A field counts as written where the source shows it right under its parent, in a file
 * that writes the parent, too, and in the file that `makers` names for its parent's path.
 */
export function unwrittenFields(
  fields: readonly Field[],
  sources: readonly Mentions[],
  makers: Readonly<Record<string, string>> = {},
): readonly string[] {
  return fields
    .filter(({ path, parent, name }) => {
      const maker = makers[path.slice(0, path.lastIndexOf("."))];
      return !sources.some(({ file, written, writtenPairs }) =>
        writtenPairs.has(`${parent}.${name}`) ||
        (written.has(name) && (parent === "status" || written.has(parent) || file === maker))
      );
    })
    .map(({ path }) => path);
}

/** Functions that are given a path of names, and how many arguments come before it. */
const PATH_READERS: Readonly<Record<string, number>> = { textAt: 1, numberAt: 1, valueAt: 1 };

/** What a file mentions. */
export function mentionsIn(file: string, source: string): Mentions {
  const readPairs = new Set<string>();
  const read = new Set<string>();
  /** Other names of things in this file: `const bundle = tls.caBundleRef`. */
  const aliases = new Map<string, string>();
  const written = new Set<string>();
  const writtenPairs = new Set<string>();

  function readUnder(parent: string | undefined, name: string): void {
    read.add(name);
    if (parent === undefined) return;
    readPairs.add(`${parent}.${name}`);
    const meant = aliases.get(parent);
    if (meant !== undefined) readPairs.add(`${meant}.${name}`);
  }

  /** `{ a, b: { c } }` taken apart from something called `parent`. */
  function take(pattern: Node | Deno.lint.Parameter | null, parent: string | undefined): void {
    if (pattern?.type === "AssignmentPattern") return take(pattern.left, parent);
    if (pattern?.type === "ArrayPattern") return pattern.elements.forEach((each) => take(each, parent));
    if (pattern?.type !== "ObjectPattern") return;
    for (const property of pattern.properties) {
      if (property.type !== "Property") continue;
      const name = keyOf(property);
      if (name === undefined) continue;
      readUnder(parent, name);
      take(property.value, name);
    }
  }

  function make(object: Node, parent: string | undefined): void {
    if (object.type !== "ObjectExpression") return;
    for (const property of object.properties) {
      if (property.type !== "Property") continue;
      const name = keyOf(property);
      if (name === undefined) continue;
      written.add(name);
      if (parent !== undefined) writtenPairs.add(`${parent}.${name}`);
    }
  }

  const plugin: Deno.lint.Plugin = {
    name: "fields",
    rules: {
      mentions: {
        create: () => ({
          MemberExpression(node) {
            if (!node.computed && node.property.type === "Identifier") {
              readUnder(nameOf(node.object), node.property.name);
            }
          },
          VariableDeclarator(node) {
            const meant = node.init === null ? undefined : nameOf(node.init);
            if (node.id.type === "Identifier" && meant !== undefined) aliases.set(node.id.name, meant);
            take(node.id, meant);
          },
          "FunctionDeclaration, FunctionExpression, ArrowFunctionExpression"(
            node: AnyFunction,
          ) {
            for (const param of node.params) take(param, listNameOf(node));
          },
          Property(node) {
            make(node.value as Node, keyOf(node));
          },
          ObjectExpression(node) {
            make(node, undefined);
          },
          CallExpression(node) {
            const before = node.callee.type === "Identifier" ? PATH_READERS[node.callee.name] : undefined;
            if (before === undefined) return;
            const names = node.arguments.slice(before).map(textOf).filter((text) => text !== undefined);
            names.forEach((name, index) => readUnder(names[index - 1], name));
          },
        }),
      },
    },
  };
  Deno.lint.runPlugin(plugin, file, source);
  return { file, readPairs, read, written, writtenPairs };
}

type Node = Deno.lint.Node;
type AnyFunction =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** What something is called: the last name of `a.b`, `a?.b ?? {}`, `(a.b as C)`, `f(a.b)` of one argument. */
function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "MemberExpression":
      return node.computed || node.property.type !== "Identifier" ? nameOf(node.object) : node.property.name;
    case "ChainExpression":
    case "TSAsExpression":
    case "TSNonNullExpression":
      return nameOf(node.expression);
    case "LogicalExpression":
      return nameOf(node.left);
    default:
      return undefined;
  }
}

/** The list a callback is called for each item of: `list` of `a.list.map(callback)`, also after other callbacks. */
function listNameOf(node: AnyFunction): string | undefined {
  const { parent } = node;
  if (parent?.type !== "CallExpression" || parent.callee.type !== "MemberExpression") return undefined;
  return receiverOf(parent.callee.object);
}

function receiverOf(node: Node): string | undefined {
  if (node.type === "CallExpression" && node.callee.type === "MemberExpression") {
    return receiverOf(node.callee.object);
  }
  return nameOf(node);
}

function keyOf(property: { readonly key: Node; readonly computed: boolean }): string | undefined {
  if (property.computed) return undefined;
  return property.key.type === "Identifier" ? property.key.name : textOf(property.key);
}

function textOf(node: Node): string | undefined {
  return node.type === "Literal" && typeof node.value === "string" ? node.value : undefined;
}

import { deepEqual, ok } from "node:assert/strict";
import * as z from "zod";
import {
  ALL_KINDS,
  ANNOTATION,
  API_VERSION,
  FIELD_MANAGER,
  FINALIZER,
  LABEL,
  openApiSchema,
} from "../api/mod.ts";
import { parseArgs } from "../cmd/args.ts";
import { CONFIG_VARIABLES } from "../cmd/config/config.ts";
import { chartValues } from "../deploy/generators/values.ts";
import { metricNames, otlpVariables, variableNames } from "../telemetry/mod.ts";
import { type Commands, foreignFlags, type Inventory, untruths } from "./instructions.ts";
import { projectFiles } from "./support/project_files.ts";
import { promisedMetrics } from "./telemetry/promised_metrics.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

/** The help of every command, by its words. */
function helps(
  program: string,
  calledAs: string,
  words: readonly string[] = [],
): readonly [string, string][] {
  const found = parseArgs(calledAs, [...words, "--help"]);
  ok(found.kind === "help", `${words}`);
  const [, list = ""] = /\nCommands:\n((?: {2}.*\n)*)/.exec(found.text) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => name).filter((name) =>
    name !== "help"
  );
  return [
    [[program, ...words].join(" "), found.text],
    ...names.flatMap((name) => helps(program, calledAs, [...words, name])),
  ];
}

const HELPS = [...helps("kopiur", "kopiur"), ...helps("kubectl kopiur", "kubectl-kopiur")];
const COMMANDS: Commands = new Map(HELPS.map(([name, help]) => {
  const [, options = ""] = /\nOptions:\n((?: {2}.*\n)*)/.exec(help) ?? [];
  return [name, new Set(options.match(/(?<=^ {2}|, )--?[a-zA-Z][a-z-]*/gm))];
}));

interface Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly items?: Json;
}

/** A schema's paths, lists without brackets. */
function pathsOf(schema: Json, prefix = ""): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    return [path, ...pathsOf(child.items ?? child, path)];
  });
}

/** Chart values that deploy/docs/contract.md announces for features that are not built. */
const LATER = ["metrics.prometheusRule.enabled"];

async function inventory(): Promise<Inventory> {
  const sources = await Promise.all([...await projectFiles([".ts"]), "denow"].map(read));
  const config: { readonly tasks: Readonly<Record<string, unknown>> } = JSON.parse(await read("deno.json"));
  const values = z.toJSONSchema(chartValues, { io: "input", reused: "inline" }) as Json;
  return {
    commands: COMMANDS,
    variables: new Set([
      ...CONFIG_VARIABLES.map(({ name }) => name),
      ...Object.values(otlpVariables).flatMap((variable) => variableNames(variable)),
      // Those of tests and build: whatever a source reads by name.
      ...sources.flatMap((text) => text.match(/(?<=["'{$])[A-Z]+_[A-Z0-9_]+/g) ?? []),
    ]),
    fields: new Set(ALL_KINDS.flatMap(({ spec, status }) => [
      ...pathsOf(openApiSchema(spec) as Json, "spec"),
      ...pathsOf(openApiSchema(status) as Json, "status"),
    ])),
    values: new Set([...pathsOf(values), ...LATER]),
    tasks: new Set(Object.keys(config.tasks)),
    metrics: new Set([...metricNames(), ...(await promisedMetrics()).keys()]),
    marks: new Set(
      [...Object.values(ANNOTATION), ...Object.values(LABEL), FINALIZER, API_VERSION, FIELD_MANAGER]
        .map((each) => each.slice(each.indexOf("/") + 1)),
    ),
  };
}

Deno.test("help and documents name only commands, flags, variables, fields, values and metrics that exist", async () => {
  const there = await inventory();
  ok(there.fields.size > 300 && there.values.size > 40 && COMMANDS.size > 25);
  // Records tell what was when they were written.
  const documents = (await projectFiles([".md", ".txt"]))
    .filter((path) => !path.startsWith("deploy/docs/decisions/") && !path.startsWith("tests/"));
  const texts = await Promise.all(documents.map(async (path) => [path, await read(path)] as const));
  ok(documents.includes("README.md") && documents.includes("deploy/chart/templates/NOTES.txt"));
  const found = [...texts, ...HELPS.map(([name, help]) => [`${name} --help`, help] as const)]
    .flatMap(([path, text]) => untruths(path, text, there));
  deepEqual(found, []);
});

Deno.test("messages of the program name only commands and flags of ours that exist", async () => {
  const paths = (await projectFiles([".ts"])).filter((path) =>
    /^(?:api|cmd|controller|kube|mover|telemetry)\//.test(path) && !path.endsWith("_test.ts")
  );
  const none = new Set<string>();
  const only = { variables: none, fields: none, values: none, tasks: none, metrics: none, marks: none };
  const found = await Promise.all(paths.map(async (path) => {
    // Strings alone, one to a line; what is put into them is some name.
    const strings = [...(await read(path)).matchAll(/"[^"\n]*"|`[^`]*`/g)].map(([text]) => text.slice(1, -1));
    const text = strings.join("\n").replace(/\$\{[^}]*\}/g, "NAME");
    return untruths(path, text, { ...only, commands: COMMANDS }).filter(({ text }) =>
      /has no (?:command|flag)/.test(text)
    );
  }));
  deepEqual(found.flat(), []);
});

Deno.test("the help of a command names no flag that only another one has", () => {
  deepEqual(
    HELPS.flatMap(([name, help]) => foreignFlags(name, help, COMMANDS).map((flag) => [name, flag])),
    [],
  );
});

Deno.test("deploy/docs/logs.md names every target that a log line can have, and no other", async () => {
  const paths = (await projectFiles([".ts"])).filter((path) =>
    /^(?:cmd|controller|kube|mover|telemetry)\//.test(path) && !path.endsWith("_test.ts")
  );
  const sources = await Promise.all(paths.map(read));
  const named = sources.flatMap((text) =>
    [...text.matchAll(/child\(\{ target: "(\w+)"|defaultTarget = "(\w+)"/g)].map(([, child, own]) =>
      child ?? own
    )
  );
  const rows = [...(await read("deploy/docs/logs.md")).matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
  deepEqual(rows.toSorted(), [...new Set(named)].toSorted());
});

const THERE: Inventory = {
  commands: new Map([
    ["kubectl kopiur", new Set(["--version"])],
    ["kubectl kopiur backup", new Set()],
    ["kubectl kopiur backup now", new Set(["--wait", "-n"])],
    ["kopiur controller", new Set()],
  ]),
  variables: new Set(["RUST_LOG"]),
  fields: new Set(["spec.pin"]),
  values: new Set(["metrics.port"]),
  tasks: new Set(["demo"]),
  metrics: new Set(["kopiur_run_seconds"]),
  marks: new Set(["heir"]),
};

Deno.test("untruths() names what does not exist", () => {
  const cases: readonly [string, string][] = [
    ["`kubectl kopiur backup later photos`", '"kubectl kopiur backup" has no command "later"'],
    ["  kubectl kopiur restore", '"kubectl kopiur" has no command "restore"'],
    ["kubectl kopiur backup now photos --follow", '"kubectl kopiur backup now" has no flag "--follow"'],
    ["kopiur controller --port=1", '"kopiur controller" has no flag "--port"'],
    ["set KOPIUR_LOUD", 'no variable is called "KOPIUR_LOUD"'],
    ["`spec.keep`", 'no kind has the field "spec.keep"'],
    ["`metrics.path`", 'the chart has no value "metrics.path"'],
    ["./denow task deploy", 'there is no task "deploy"'],
    ["kopiur_run_minutes", 'no metric is called "kopiur_run_minutes"'],
    ["kopiur.home-operations.com/keep", 'no annotation, label or finalizer "keep"'],
  ];
  for (const [text, want] of cases) {
    deepEqual(untruths("a.md", text, THERE), [{ path: "a.md", text: want }], text);
  }
});

Deno.test("untruths() takes what exists", () => {
  const text = `Use \`kubectl kopiur backup now photos --wait -n media\`, as kubectl kopiur shows.
RUST_LOG, \`spec.pin\`, \`metrics.port: 1\`, ./denow task demo, kopiur_run_seconds_bucket,
kopiur.home-operations.com/heir; kopiur controller works.`;
  deepEqual(untruths("a.md", text, THERE), []);
});

Deno.test("foreignFlags() finds the flag of another command, and passes examples", () => {
  const help = "Needs --yes or --wait.\n  kubectl kopiur status --check";
  deepEqual(foreignFlags("kubectl kopiur backup", help, THERE.commands), ["--yes"]);
});

import { ALL_KINDS, customResourceDefinition, type KindDefinition } from "../../api/mod.ts";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
}

/** The reference page of every field of every kind, from the same schema the CRDs are made of. */
export function apiDoc(): GeneratedFile {
  const parts = [
    generatedNotice("api/", "<!--"),
    "# API reference",
    "",
    "Group `kopiur.home-operations.com`, version `v1alpha1`. **!** marks a required field.",
    ...ALL_KINDS.map(kindSection),
  ];
  return { path: "deploy/docs/api.md", text: parts.join("\n") + "\n" };
}

function kindSection(definition: KindDefinition): string {
  const crd = customResourceDefinition(definition) as unknown as {
    spec: { versions: [{ schema: { openAPIV3Schema: Schema } }] };
  };
  const schema = crd.spec.versions[0].schema.openAPIV3Schema;
  return [
    "",
    `## ${definition.kind}`,
    "",
    `${definition.description} ${definition.scope}; short name \`${definition.shortNames.join("`, `")}\`.`,
    "",
    "| field | type | what it is |",
    "|---|---|---|",
    ...rows("spec", schema.properties?.["spec"] ?? {}, true),
    ...rows("status", schema.properties?.["status"] ?? {}, false),
  ].join("\n");
}

function rows(path: string, schema: Schema, required: boolean): readonly string[] {
  const own = path.includes(".") ? [row(path, schema, required)] : [];
  const children = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    rows(`${path}.${name}`, child, schema.required?.includes(name) ?? false)
  );
  const items = schema.items === undefined
    ? []
    : Object.entries(schema.items.properties ?? {}).flatMap(([name, child]) =>
      rows(`${path}[].${name}`, child, schema.items?.required?.includes(name) ?? false)
    );
  return [...own, ...children, ...items];
}

function row(path: string, schema: Schema, required: boolean): string {
  const notes = [
    schema.description ?? "",
    schema.enum === undefined ? "" : `One of ${schema.enum.map((value) => `\`${value}\``).join(", ")}.`,
    schema.default === undefined ? "" : `Default \`${JSON.stringify(schema.default)}\`.`,
    ...(schema["x-kubernetes-validations"] ?? []).map((rule) => `Rule: ${rule.message}.`),
  ].filter((note) => note !== "");
  return `| \`${path}\`${required ? " **!**" : ""} | ${typeText(schema)} | ${
    notes.join(" ").replaceAll("|", "\\|")
  } |`;
}

function typeText(schema: Schema): string {
  if (schema.type === "array") return `list of ${schema.items?.type ?? "object"}`;
  if (typeof schema.additionalProperties === "object") {
    return `map of ${schema.additionalProperties.type ?? "object"}`;
  }
  return schema.type ?? "object";
}

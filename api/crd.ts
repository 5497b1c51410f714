import * as z from "zod";
import { matches } from "./cel.ts";
import type { KindDefinition } from "./kinds/definition.ts";
import { CATEGORY, GROUP, VERSION } from "./meta.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * The CustomResourceDefinition of a kind: structural, status subresource, printer columns, CEL rules.
 * Plain data; the API server is the judge of it (tests/apiserver).
 */
export function customResourceDefinition(definition: KindDefinition): Json {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${definition.plural}.${GROUP}`,
      // Without the CRD every object goes, and with it the record of every snapshot.
      annotations: { "helm.sh/resource-policy": "keep" },
      labels: { "app.kubernetes.io/name": "kopiur" },
    },
    spec: {
      group: GROUP,
      scope: definition.scope,
      names: {
        kind: definition.kind,
        listKind: `${definition.kind}List`,
        plural: definition.plural,
        singular: definition.singular,
        shortNames: [...definition.shortNames],
        categories: [CATEGORY],
      },
      versions: [{
        name: VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: definition.columns.map((column) => ({ ...column })),
        schema: {
          openAPIV3Schema: {
            type: "object",
            description: definition.description,
            required: ["spec"],
            properties: {
              apiVersion: { type: "string" },
              kind: { type: "string" },
              metadata: { type: "object" },
              spec: openApiSchema(definition.spec),
              status: openApiSchema(definition.status),
            },
          },
        },
      }],
    },
  };
}

/** A zod schema as the structural OpenAPI schema of a CRD. */
export function openApiSchema(schema: z.ZodType): Json {
  const json: unknown = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    io: "input",
    reused: "inline",
    cycles: "throw",
    unrepresentable: "throw",
  });
  return structural(json) as Json;
}

function structural(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(structural);
  if (typeof node !== "object" || node === null) return node;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (isDropped(key, value, node as Json)) continue;
    // Names of fields are not keywords: `properties` is walked by field, so that a field called `format` stays.
    result[key] = key === "properties" && typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, field]) => [name, structural(field)]))
      : key === "x-kubernetes-validations" || key === "default"
      ? value
      : structural(value);
  }
  return result;
}

function hasRuleFor(pattern: unknown, node: Json): boolean {
  const rules = node["x-kubernetes-validations"];
  return Array.isArray(rules) && rules.some(({ rule }) => rule === matches(String(pattern)));
}

function isDropped(key: string, value: unknown, node: Json): boolean {
  if (key === "$schema" || key === "propertyNames") return true;
  if (key === "additionalProperties" && value === false) return true;
  // JavaScript's largest safe integer is no limit of the field.
  if ((key === "maximum" || key === "minimum") && Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER) {
    return true;
  }
  // `format` already says it, and zod's pattern is 200 characters of noise; or a rule does, with a sentence (ofForm).
  return key === "pattern" && (node["format"] === "date-time" || hasRuleFor(value, node));
}

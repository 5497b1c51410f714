import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** One environment variable, as cmd/config/config.ts lists it. */
export interface VariableDoc {
  readonly name: string;
  readonly roles: readonly string[];
  readonly default: string;
  readonly description: string;
}

/** The reference page of every environment variable, from the list the program itself reads. */
export function envDoc(variables: readonly VariableDoc[]): GeneratedFile {
  const text = [
    generatedNotice("cmd/config/config.ts", "<!--"),
    "# Environment variables",
    "",
    "| variable | read by | default | meaning |",
    "|---|---|---|---|",
    ...variables.map((variable) =>
      `| \`${variable.name}\` | ${variable.roles.join(", ")} | ${
        variable.default === "" ? "–" : `\`${variable.default}\``
      } | ${variable.description} |`
    ),
    "",
  ].join("\n");
  return { path: "deploy/docs/env.md", text };
}

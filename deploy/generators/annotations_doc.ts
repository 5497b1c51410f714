import type { AnnotationEntry } from "../../api/catalogs/annotations.ts";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** The page of the annotations by which kinds and people talk to each other; `keys` has the name of each. */
export function annotationsDoc(
  keys: Readonly<Record<string, string>>,
  entries: Readonly<Record<string, AnnotationEntry>>,
): GeneratedFile {
  const rows = Object.entries(entries).map(([name, { on, value, setBy, readBy, removedBy }]) =>
    `| \`${keys[name]}\` | ${on} | ${value} | ${setBy} | ${readBy} | ${removedBy} |`
  );
  const text = [
    generatedNotice("api/catalogs/annotations.ts", "<!--"),
    "# Annotations",
    "",
    "Kinds never call each other. They talk by annotations on the object concerned, and so do people:",
    "`kubectl annotate backup RUN KEY=VALUE`. Whoever may write an object may set any of them, so none",
    "destroys anything by itself.",
    "",
    "| annotation | on | value | who sets it | who reads it | what takes it away |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
  return { path: "deploy/docs/annotations.md", text };
}

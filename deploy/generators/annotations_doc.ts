import type { AnnotationWord } from "../../api/annotation_words.ts";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** The page of the words kinds and people say to each other; `keys` has the annotation of each. */
export function annotationsDoc(
  keys: Readonly<Record<string, string>>,
  words: Readonly<Record<string, AnnotationWord>>,
): GeneratedFile {
  const rows = Object.entries(words).map(([name, { on, value, saidBy, heardBy, takenBack }]) =>
    `| \`${keys[name]}\` | ${on} | ${value} | ${saidBy} | ${heardBy} | ${takenBack} |`
  );
  const text = [
    generatedNotice("api/annotation_words.ts", "<!--"),
    "# Annotations",
    "",
    "Kinds never call each other. What one has to say to another it writes on the object that is meant, and so do people:",
    "`kubectl annotate backup RUN KEY=VALUE`. Whoever may write an object may say any of these words, so none of",
    "them destroys anything by itself.",
    "",
    "| annotation | on | value | who says it | who hears it | what takes it back |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
  return { path: "deploy/docs/annotations.md", text };
}

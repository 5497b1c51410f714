import { deepEqual, ok } from "node:assert/strict";
import { anchorsOf, type Library, lostReferences } from "./references.ts";
import { projectFiles } from "./support/project_files.ts";

const root = new URL("../", import.meta.url);

Deno.test("whatever a comment, a description or a document leans on is in the repository", async () => {
  const paths = await projectFiles([".ts", ".md", ".yaml", ".tpl", ".txt", ".sh"]);
  const texts = await Promise.all(
    paths.map(async (path) => [path, await Deno.readTextFile(new URL(path, root))] as const),
  );
  const documents = texts.filter(([path]) => path.endsWith(".md"));
  const library: Library = {
    files: new Set(paths),
    anchors: new Map(documents.map(([path, text]) => [path, anchorsOf(text)])),
  };
  ok(paths.length > 800, `${paths.length} files were looked at, expected the whole project`);
  deepEqual(texts.flatMap(([path, text]) => lostReferences(path, text, library)), []);
});

const library: Library = {
  files: new Set([
    "STYLE.md",
    "kube/errors.ts",
    "kube/types.ts",
    "api/mod.ts",
    "deploy/docs/retention.md",
    "deploy/docs/decisions/0016-whole-snapshots.md",
  ]),
  anchors: new Map([["deploy/docs/retention.md", anchorsOf("# Retention\n\n## What `stays`, and why\n")]]),
};

function lostIn(path: string, text: string): readonly string[] {
  return lostReferences(path, text, library).map(({ line, text }) => `${line}: ${text}`);
}

Deno.test("lostReferences() names papers that are not in the repository", () => {
  deepEqual(lostIn("kube/types.ts", "/** A key (design D8). */"), [
    '1: "design D8" names a paper that is not in the repository',
  ]);
  for (
    const text of [
      "see seed 000",
      "the seed's table",
      "Finding 3 of it",
      "kept (D16)",
      "kept (R1.4, F2)",
      "issue 12",
    ]
  ) {
    deepEqual(lostIn("deploy/docs/retention.md", text).length, 1, text);
  }
  deepEqual(lostIn("deploy/crds/backups.yaml", "description: The newest Backup (house §4).").length, 2);
});

Deno.test("lostReferences() takes what is here", () => {
  const here = [
    "/** See errors.ts, api/mod.ts and STYLE.md §3 (RFC 7234 §5.5). */",
    " * The table is in deploy/docs/retention.md (decision 0016).",
    "  // The seed of a random number; the bucket (S3).",
    'const path = "seed 000, gone.md";',
  ].join("\n");
  deepEqual(lostIn("kube/types.ts", here), []);
  deepEqual(
    lostIn(
      "deploy/docs/retention.md",
      "[0016](decisions/0016-whole-snapshots.md), [why](#what-stays-and-why)",
    ),
    [],
  );
});

Deno.test("lostReferences() names a file, a section, a record, a link or a heading that is not there", () => {
  deepEqual(
    lostIn("kube/types.ts", "code();\ncode(); " + "// what gone.ts does, domain.md §3, decision 0099"),
    [
      '2: "domain.md §" is a section of no document here',
      '2: "gone.ts" is no file here',
      '2: "domain.md" is no file here',
      "2: decision 0099 is not there",
    ],
  );
  deepEqual(lostIn("deploy/docs/retention.md", "[a](gone.md) [b](#gone) [c](retention.md#why)"), [
    '1: "gone.md" is no file here',
    '1: the link to "gone.md" leads to no file',
    '1: "" has no heading "gone"',
    '1: "retention.md" has no heading "why"',
  ]);
});

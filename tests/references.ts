/**
 * What comments and documents lean on: files, sections and decision records. All of it has to be in the repository, or a
 * reader is sent to a paper nobody has.
 */

/** A reference that leads nowhere, as a sentence. */
export interface LostReference {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** What there is to refer to. */
export interface Library {
  /** Every file, by its path from the root. */
  readonly files: ReadonlySet<string>;
  /** The headings of each document, as the anchors a link names. */
  readonly anchors: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Names of papers that are not in the repository, and numbers that only mean something beside such a paper. */
const FOREIGN = [
  /\b(?:design|domain|house|seed|finding|issue|ticket)s? (?:§|[A-Z]?\d)/i,
  /\bthe seeds?\b(?! of)(?=[.,;:)]|'s| says| names| wants| asks)/i,
  /\([DFLOR]\d{1,2}(?:\.\d+)?(?:, [DFLOR]\d{1,2})*\)/,
];

/** A section sign belongs to a document that is here, or to a public standard. */
const SECTION = /(\S+(?: \d+)?) §/g;
const FILE = /(?<![\w:/.*<>-])((?:[\w.-]+\/)*[A-Za-z]\w*(?:[.-]\w+)*\.(?:ts|md))\b(?!\.)/g;
const RECORD = /\b(?:decisions?|records?) (\d{4})\b|\[(\d{4})\]/g;
const LINK = /\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g;

/** The references of one file that lead nowhere: of a program only its comments are looked at. */
export function lostReferences(path: string, text: string, library: Library): readonly LostReference[] {
  const lost: LostReference[] = [];
  text.split("\n").forEach((whole, index) => {
    const line = path.endsWith(".ts") ? comment(whole) : whole;
    const say = (what: string) => lost.push({ path, line: index + 1, text: what });
    for (const pattern of FOREIGN) {
      const [found] = pattern.exec(line) ?? [];
      if (found !== undefined) say(`"${found.trim()}" names a paper that is not in the repository`);
    }
    for (const [, before = ""] of line.matchAll(SECTION)) {
      const name = before.replace(/^[(["]+/, "");
      if (!/^RFC \d+$/.test(name) && find(name, path, library) === undefined) {
        say(`"${name} §" is a section of no document here`);
      }
    }
    for (const [, name = ""] of line.matchAll(FILE)) {
      if (find(name, path, library) === undefined) say(`"${name}" is no file here`);
    }
    for (const [, first, second] of line.matchAll(RECORD)) {
      const record = `deploy/docs/decisions/${first ?? second}-`;
      if (![...library.files].some((file) => file.startsWith(record))) {
        say(`decision ${first ?? second} is not there`);
      }
    }
    for (const [, target = "", anchor] of path.endsWith(".md") ? line.matchAll(LINK) : []) {
      const file = target === "" ? path : resolve(path, target);
      if (!library.files.has(file)) say(`the link to "${target}" leads to no file`);
      else if (anchor !== undefined && library.anchors.get(file)?.has(anchor) !== true) {
        say(`"${target}" has no heading "${anchor}"`);
      }
    }
  });
  return lost;
}

/** The anchors of a document's headings, as a renderer of Markdown makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")
    ),
  );
}

/** A file by its path from the root or from beside the one that names it, or by the end of its path. */
function find(name: string, from: string, { files }: Library): string | undefined {
  for (const candidate of [name, resolve(from, name)]) if (files.has(candidate)) return candidate;
  return [...files].find((file) => file.endsWith(`/${name}`));
}

function resolve(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1);
}

/** The comment of a line of TypeScript; a line that begins with a star is taken for one. */
function comment(line: string): string {
  return /^\s*(?:\/\*\*?|\*|\/\/)(.*)$/.exec(line)?.[1] ?? /(?:^|\s)\/\/ (.*)$/.exec(line)?.[1] ?? "";
}

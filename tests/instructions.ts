/**
 * What help and documents tell a reader to type, set or look at: commands, flags, variables, fields, values, tasks,
 * metrics. All of it has to exist.
 */

/** Something a text names that does not exist, as a sentence. */
export interface Untruth {
  readonly path: string;
  readonly text: string;
}

/** The flags of each command, by its words: "kubectl kopiur backup now". */
export type Commands = ReadonlyMap<string, ReadonlySet<string>>;

/** Everything there is to name. */
export interface Inventory {
  readonly commands: Commands;
  readonly variables: ReadonlySet<string>;
  /** Paths such as "spec.backend.s3.bucket", of all kinds. */
  readonly fields: ReadonlySet<string>;
  /** Paths such as "controller.resources", of the chart. */
  readonly values: ReadonlySet<string>;
  readonly tasks: ReadonlySet<string>;
  readonly metrics: ReadonlySet<string>;
  /** Annotations, labels and finalizers of our group, without it. */
  readonly marks: ReadonlySet<string>;
}

const OURS = /\bkubectl kopiur\b|(?<![\w./-])kopiur(?= (?:controller|mover|status|version|help)\b)/g;
const VARIABLE = /\b(?:KOPIUR|KOPIA|OTEL|RUST|AWS)_[A-Z0-9_]*[A-Z0-9]\b/g;
const FIELD = /(?<![\w.$"-])(?:spec|status)(?:\.(?!ts\b)[a-z]\w*(?:\[\])?)+/g;
const TASK = /denow task ([a-z][\w:]*)/g;
const METRIC = /\bkopiur_[a-z][a-z_]*[a-z]\b(?!\*)/g;
const MARK = /kopiur\.home-operations\.com\/([a-z][a-z0-9-]*)/g;

/** What a text names and does not exist. */
export function untruths(path: string, text: string, there: Inventory): readonly Untruth[] {
  const found: Untruth[] = [];
  const say = (what: string) => found.push({ path, text: what });
  const names = (pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([all, part]) => part ?? all));
  for (const line of text.split("\n")) {
    for (const what of commandFaults(line, there.commands)) say(what);
  }
  for (const name of names(VARIABLE)) if (!there.variables.has(name)) say(`no variable is called "${name}"`);
  for (const name of names(FIELD)) {
    const plain = name.replaceAll("[]", "");
    if (!there.fields.has(plain)) say(`no kind has the field "${name}"`);
  }
  const roots = new Set([...there.values].map((value) => value.split(".")[0] ?? ""));
  for (const name of names(/`([a-z]\w*(?:\.[a-zA-Z]\w*)+)(?:[:=][^`]*)?`/g)) {
    if (roots.has(name.split(".")[0] ?? "") && !there.values.has(name)) {
      say(`the chart has no value "${name}"`);
    }
  }
  for (const name of names(TASK)) if (!there.tasks.has(name)) say(`there is no task "${name}"`);
  for (const name of names(METRIC)) {
    const base = name.replace(/_(?:bucket|sum|count)$/, "");
    if (!there.metrics.has(name) && !there.metrics.has(base)) say(`no metric is called "${name}"`);
  }
  for (const name of names(MARK)) {
    if (!there.marks.has(name)) say(`no annotation, label or finalizer "${name}"`);
  }
  return found;
}

/** Commands of ours in a line: each word down to the first that is no command, and the flags after it. */
function commandFaults(line: string, commands: Commands): readonly string[] {
  return [...line.matchAll(OURS)].flatMap((start) => {
    const [typed = ""] = /^[^`"'|&#;()]*/.exec(line.slice(start.index + start[0].length)) ?? [];
    const words = typed.trim().split(/\s+/).filter((word) => word !== "");
    let command = start[0];
    while (commands.has(`${command} ${words[0]}`)) command = `${command} ${words.shift()}`;
    const isGroup = [...commands.keys()].some((each) => each.startsWith(`${command} `));
    const [next = ""] = words;
    const isCode = line.includes("`") || /^ {2,}/.test(line) || line.startsWith(start[0]);
    const faults = isGroup && isCode && /^[a-z]+$/.test(next) && next !== "help"
      ? [`"${command}" has no command "${next}"`]
      : [];
    const flags = words.map((word) => word.replace(/[=.,:].*$/, "")).filter((word) =>
      /^--?[a-z]/i.test(word)
    );
    const known = commands.get(command);
    return [
      ...faults,
      ...flags.filter((flag) => known?.has(flag) === false).map((flag) =>
        `"${command}" has no flag "${flag}"`
      ),
    ];
  });
}

/** Flags that the help of a command names and that neither it nor a command below it has. */
export function foreignFlags(command: string, help: string, commands: Commands): readonly string[] {
  const own = [...commands].filter(([name]) => name === command || name.startsWith(`${command} `))
    .flatMap(([, flags]) => [...flags]);
  // Examples name other programs and other commands in full.
  const prose = help.split("\n").filter((line) => !/kubectl|kopiur /.test(line)).join("\n");
  return [...new Set(prose.match(/(?<![\w-])--[a-z][a-z-]+/g))].filter((flag) => !own.includes(flag));
}

import * as z from "zod";
import { cel, ofForm } from "./cel.ts";

/** Compressors of the pinned kopia that it does not call deprecated. */
export const KOPIA_COMPRESSORS = [
  "none",
  "deflate-best-compression",
  "deflate-best-speed",
  "deflate-default",
  "gzip",
  "gzip-best-compression",
  "gzip-best-speed",
  "pgzip",
  "pgzip-best-compression",
  "pgzip-best-speed",
  "s2-better",
  "s2-default",
  "s2-parallel-4",
  "s2-parallel-8",
  "zstd",
  "zstd-better-compression",
  "zstd-fastest",
] as const;

/** Splitters of the pinned kopia. */
export const KOPIA_SPLITTERS = [
  "DYNAMIC-128K-BUZHASH",
  "DYNAMIC-128K-RABINKARP",
  "DYNAMIC-256K-BUZHASH",
  "DYNAMIC-256K-RABINKARP",
  "DYNAMIC-512K-BUZHASH",
  "DYNAMIC-512K-RABINKARP",
  "DYNAMIC-1M-BUZHASH",
  "DYNAMIC-1M-RABINKARP",
  "DYNAMIC-2M-BUZHASH",
  "DYNAMIC-2M-RABINKARP",
  "DYNAMIC-4M-BUZHASH",
  "DYNAMIC-4M-RABINKARP",
  "DYNAMIC-8M-BUZHASH",
  "DYNAMIC-8M-RABINKARP",
  "FIXED-128K",
  "FIXED-256K",
  "FIXED-512K",
  "FIXED-1M",
  "FIXED-2M",
  "FIXED-4M",
  "FIXED-8M",
] as const;

/**
 * What may be passed to `snapshot create` by hand, whole: everything else is refused, so that a flag of a later
 * kopia is refused, too, until somebody has thought about it. Values are of a form that can name no file.
 */
const allowedExtraArg =
  /^--(?:fail-fast|force-hash=(?:100|[0-9]{1,2})(?:\.[0-9]{1,3})?|checkpoint-interval=(?:[1-9]|[1-3][0-9]|4[0-5])m)$/;

const allowedExtraArgsText =
  "expected one of --fail-fast, --force-hash=<percent>, --checkpoint-interval=<1 to 45>m";

/** Flags people may expect in extraArgs, with what is to be done instead. */
const refusedFlags: Readonly<Record<string, string>> = {
  all: "name the volumes under sources",
  description: "set description on the Backup",
  parallel: "set upload.parallelFiles",
  pin: "set pin on the Backup",
  tags: "set tags on the Backup",
  "end-time": "kopiur orders runs by the times kopia measured",
  "start-time": "kopiur orders runs by the times kopia measured",
  "override-source": "set identity and sourcePathOverride",
  "upload-limit-mb": "it ends a snapshot before it is whole; set upload.limitMbPerSec to go slower",
  password: "the password comes from the Secret the Repository names",
};

/** Why an argument is refused, as the end of a sentence ("it is …, expected …"); undefined when it is allowed. */
export function refusedExtraArg(arg: string): string | undefined {
  if (allowedExtraArg.test(arg)) return undefined;
  const [, name = ""] = /^--(?:no-)?([a-z0-9-]{1,64})(?:=|$)/.exec(arg) ?? [];
  const instead = Object.hasOwn(refusedFlags, name) ? refusedFlags[name] : undefined;
  return instead === undefined
    ? `"${short(arg)}" is not allowed, ${allowedExtraArgsText}`
    : `"--${name}" is not allowed: ${instead}`;
}

/** The first of the arguments that is refused, or given twice; undefined when all are allowed. */
export function refusedExtraArgs(args: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const arg of args) {
    const refused = refusedExtraArg(arg);
    if (refused !== undefined) return refused;
    const [name = ""] = arg.split("=");
    if (seen.has(name)) return `"${name}" is given twice, expected it once`;
    seen.add(name);
  }
  return undefined;
}

const extension = ofForm(
  z.string().max(64),
  /^\.?[^./\s\p{Cc}]+$/u,
  "expected the extension of a file name alone, as .gz or gz",
);
/** Kopia sorts the rules of a policy, so that one that begins with "!" comes first and is undone by the others. */
const ignoreRule = ofForm(
  z.string().max(256),
  /^[^!\p{Cc}][^\p{Cc}]*$/u,
  'expected a rule as in .gitignore that does not begin with "!", which has no effect in a policy of kopia',
);

/**
 * What file systems and storage boxes make by themselves on a volume: nobody's data, mostly unreadable, or copies of
 * what is there already. With "/" only at the root of the volume, where alone it has that meaning; a box puts `@eaDir`
 * into every folder.
 */
export const IGNORED_BY_DEFAULT = [
  "/lost+found",
  "/.snapshot",
  "/#snapshot",
  "@eaDir",
  "/.Trash-*",
  "/$RECYCLE.BIN",
  "/System Volume Information",
] as const;

/** What of kopia's own policy a recipe sets for its sources. */
export const kopiaPolicy = z.object({
  compression: z.object({
    compressor: z.enum(KOPIA_COMPRESSORS).optional().describe("Compressor; none stores files as they are."),
    neverCompress: z.array(extension).max(128).optional().describe(
      "Extensions of files that are stored as they are, as .gz or gz; case matters. Adds to what is set for the whole repository.",
    ),
  }).optional().describe("How what is new is compressed; what is in the repository stays as it is."),
  splitter: z.enum(KOPIA_SPLITTERS).optional().describe(
    "How files are cut into blocks. Default: as the repository was made. A change stores everything again.",
  ),
  ignore: z.object({
    paths: z.array(ignoreRule).max(100).optional().describe(
      "Rules for files and folders that are left out, as in .gitignore, from the root of the volume. A rule that begins with ! has no effect in a policy of kopia; write such rules into a .kopiaignore file.",
    ),
    defaults: z.boolean().optional().describe(
      `Leave out what file systems and storage boxes make by themselves: ${
        IGNORED_BY_DEFAULT.join(", ")
      } (with / only at the root of the volume). Default: true; false puts them back.`,
    ),
    cacheDirs: z.boolean().optional().describe(
      "Leave out folders with a CACHEDIR.TAG. Kopia's default: true.",
    ),
    ignoreIdenticalSnapshots: z.boolean().optional().describe(
      "Make no snapshot when nothing changed since the newest one; the Backup then succeeds as Unchanged. Default: false.",
    ),
  }).optional().describe("What is left out."),
  upload: z.object({
    parallelFiles: z.int().min(1).max(256).optional().describe(
      "Files read at the same time. Default: the processors of the node.",
    ),
    limitMbPerSec: z.int().min(1).max(100000).optional().describe(
      "Most megabytes (1 000 000 bytes) per second each mover writes to the storage. Default: no limit.",
    ),
  }).optional().describe("How much is done at once."),
  errorHandling: z.object({
    ignoreFileErrors: z.boolean().optional().describe(
      "Go on when files cannot be read. They are counted and make the run partial all the same.",
    ),
    ignoreDirErrors: z.boolean().optional().describe(
      "Go on when folders cannot be read. They are counted and make the run partial all the same.",
    ),
    ignoreUnknownTypes: z.boolean().optional().describe(
      "Leave sockets, pipes and devices out without a word. Kopia's default: true.",
    ),
  }).optional().describe("What counts as an error."),
  extraArgs: z.array(ofForm(z.string().max(64), allowedExtraArg, allowedExtraArgsText)).max(8).optional()
    .meta(cel({
      rule: "self.all(a, self.exists_one(b, a.split('=')[0] == b.split('=')[0]))",
      message: "each argument may be given once",
    })).describe(
      "Further arguments of kopia snapshot create: --fail-fast, --force-hash=<percent>, --checkpoint-interval=<1 to 45>m.",
    ),
});
export type KopiaPolicy = z.infer<typeof kopiaPolicy>;

function short(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79).toWellFormed()}…`;
}

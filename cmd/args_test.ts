import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { parseArgs } from "./args.ts";
import { EXIT } from "./exit_code.ts";

const bare = {
  scope: { kind: "context" },
  kubeconfig: undefined,
  context: undefined,
  format: "table",
  check: false,
};

Deno.test("parseArgs() reads every command", () => {
  const cases: readonly [readonly string[], unknown][] = [
    [["controller"], { kind: "controller" }],
    [["mover"], { kind: "mover" }],
    [["version"], { kind: "version", format: "text" }],
    [["version", "-o", "json"], { kind: "version", format: "json" }],
    [["status"], { kind: "status", request: bare }],
    [["status", "-A"], { kind: "status", request: { ...bare, scope: { kind: "all" } } }],
    [["status", "-n", "media", "--check"], {
      kind: "status",
      request: { ...bare, scope: { kind: "one", namespace: "media" }, check: true },
    }],
    [["status", "--kubeconfig", "k", "--context=c", "-owide"], {
      kind: "status",
      request: { ...bare, kubeconfig: "k", context: "c", format: "wide" },
    }],
  ];
  for (const [args, want] of cases) deepEqual(parseArgs("kopiur", args), want, args.join(" "));
});

Deno.test("parseArgs() is the plugin when called as kubectl-kopiur, by whatever path", () => {
  for (const name of ["kubectl-kopiur", "/opt/krew/bin/kubectl-kopiur", "kubectl-kopiur.exe"]) {
    deepEqual(parseArgs(name, ["status"]), { kind: "status", request: bare });
    const controller = parseArgs(name, ["controller"]);
    equal(controller.kind, "misuse");
    const help = parseArgs(name, ["--help"]);
    match(help.kind === "help" ? help.text : "", /^Usage: kubectl kopiur <command>/);
  }
});

Deno.test("parseArgs() refuses words that mean nothing, and names what was meant", () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["contoller"], /unknown command 'contoller'\n\(Did you mean controller\?\)/],
    [["status", "--chek"], /unknown option '--chek'\n\(Did you mean --check\?\)/],
    [["status", "extra"], /too many arguments/],
    [["status", "-o", "xml"], /'xml' is invalid. Allowed choices are table, wide, json, yaml/],
    [["status", "-n", "Media"], /'Media' is invalid. expected lower-case letters/],
    [["status", "-n", ""], /is invalid. expected lower-case letters/],
    [["status", "-A", "-n", "media"], /cannot be used with/],
    [["status", "--context"], /argument missing/],
    [["version", "-o", "yaml"], /Allowed choices are text, json/],
    [["controller", "--port", "1"], /unknown option '--port'/],
    [[], /^Usage: kopiur <command>/],
  ];
  for (const [args, want] of cases) {
    const found = parseArgs("kopiur", args);
    equal(found.kind, "misuse", args.join(" "));
    match(found.kind === "misuse" ? found.text : "", want);
  }
});

Deno.test("parseArgs() gives help for the program and for each command", () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["--help"], /Examples:\n {2}kopiur controller/],
    [["help"], /Exit codes: 0 done, 1 failed, 2 called or configured wrongly/],
    [["help", "status"], /Unhealthy is:/],
    [["status", "-h"], /-A, --all-namespaces/],
    [["controller", "--help"], /KOPIUR_HTTP_ADDR \(default: \[::\]:8080\)/],
    [["mover", "--help"], /KOPIUR_WORK_SPEC_PATH/],
  ];
  for (const [args, want] of cases) {
    const found = parseArgs("kopiur", args);
    equal(found.kind, "help", args.join(" "));
    match(found.kind === "help" ? found.text : "", want);
  }
});

/** The help of each command, by its words. */
function helpOf(calledAs: string, words: readonly string[] = []): readonly (readonly [string, string])[] {
  const found = parseArgs(calledAs, [...words, "--help"]);
  const text = found.kind === "help" ? found.text : "";
  const [, list = ""] = /\nCommands:\n((?: {2}.*\n)*)/.exec(text) ?? [];
  const commands = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => name).filter((name) =>
    name !== "help"
  );
  return [[words.join(" "), text], ...commands.flatMap((name) => helpOf(calledAs, [...words, name]))];
}

Deno.test("parseArgs() gives help whose lines are broken once, at 100 columns", () => {
  const helps = [...helpOf("kopiur"), ...helpOf("kubectl-kopiur")];
  equal(helps.length > 25, true);
  for (const [words, text] of helps) {
    const lines = text.split("\n");
    deepEqual(lines.filter((line) => line.length > 100), [], words);
    const short = lines.slice(0, -1).filter((line, index) => {
      const [next = ""] = (lines[index + 1] ?? "").split(" ");
      const isProse = /^[^ ].*[^:]$/.test(line) && next !== "" && !line.startsWith("Usage: ");
      return isProse && `${line} ${next}`.length <= 100;
    });
    deepEqual(short, [], words);
  }
});

Deno.test("parseArgs() sends whoever mistypes to the help of that command", () => {
  const cases: readonly [string, readonly string[], string][] = [
    ["kopiur", ["status", "--chek"], "kopiur status"],
    ["kubectl-kopiur", ["backup", "now"], "kubectl kopiur backup now"],
    ["kubectl-kopiur", ["backup", "nou"], "kubectl kopiur backup"],
    ["kopiur", ["contoller"], "kopiur"],
  ];
  for (const [calledAs, args, name] of cases) {
    const found = parseArgs(calledAs, args);
    equal(
      found.kind === "misuse" && found.text.includes(`Run "${name} --help" to see what there is`),
      true,
      name,
    );
  }
});

Deno.test("parseArgs() tells of every exit code in the help of the plugin", () => {
  const [, codes = ""] = /Exit codes: ([^]*)$/.exec(helpOf("kubectl-kopiur")[0]?.[1] ?? "") ?? [];
  deepEqual(codes.match(/\d+/g), Object.values(EXIT).map(String));
});

Deno.test("parseArgs() answers --version as `version` does", () => {
  for (const flag of ["--version", "-V"]) {
    const found = parseArgs("kopiur", [flag]);
    match(found.kind === "help" ? found.text : "", /^kopiur \S+ \(commit \S+, built \S+, Deno 2\.\S+\)\n$/);
  }
});

Deno.test("parseArgs() never throws, whatever the words are", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("status", "controller", "help", "-n", "-A", "--", "-o", "--check", "__proto__", "-"),
  );
  fc.assert(fc.property(fc.string(), fc.array(word, { maxLength: 6 }), (name, words) => {
    parseArgs(name, words);
  }));
});

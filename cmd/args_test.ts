import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { parseArgs } from "./args.ts";

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
    [["controller", "--help"], /KOPIUR_HTTP_ADDR \(default: 0\.0\.0\.0:8080\)/],
    [["mover", "--help"], /KOPIUR_WORK_SPEC_PATH/],
  ];
  for (const [args, want] of cases) {
    const found = parseArgs("kopiur", args);
    equal(found.kind, "help", args.join(" "));
    match(found.kind === "help" ? found.text : "", want);
  }
});

Deno.test("parseArgs() gives help whose lines fit a terminal of 100 columns", () => {
  for (const args of [["--help"], ["controller", "--help"], ["mover", "--help"], ["status", "--help"]]) {
    const found = parseArgs("kopiur", args);
    const lines = found.kind === "help" ? found.text.split("\n") : [];
    deepEqual(lines.filter((line) => line.length > 100), []);
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

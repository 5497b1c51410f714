import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { CONFIG_VARIABLES } from "../../cmd/config/config.ts";
import { runTool } from "../parts/mod.ts";
import { inFolder, kopiurBinary, runKopiur } from "./kopiur_binary.ts";

Deno.test("kopiur version prints what it was built from, for people and for programs", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  const text = await runKopiur(["version"]);
  equal(text.code, 0);
  match(
    text.stdout,
    new RegExp(
      `^kopiur ${version} \\(commit \\S+, built \\d{4}-\\d\\d-\\d\\dT[0-9:]+Z, Deno ${Deno.version.deno}\\)\\n$`,
    ),
  );
  const json = await runKopiur(["version", "-o", "json"]);
  deepEqual(Object.keys(JSON.parse(json.stdout)), ["version", "commit", "date", "deno"]);
});

Deno.test("kopiur answers 2 with a suggestion on standard error to words that mean nothing", async () => {
  const cases: readonly [readonly string[], RegExp][] = [
    [["contoller"], /unknown command 'contoller'\n\(Did you mean controller\?\)/],
    [["status", "--chek"], /unknown option '--chek'\n\(Did you mean --check\?\)/],
    [["status", "-o", "xml"], /Allowed choices are table, wide, json, yaml/],
    [[], /^Usage: kopiur <command>/],
  ];
  for (const [args, want] of cases) {
    const result = await runKopiur(args);
    deepEqual({ code: result.code, stdout: result.stdout }, { code: 2, stdout: "" }, args.join(" "));
    match(result.stderr, want);
  }
});

Deno.test("kopiur <role> --help names every variable the role reads", async () => {
  for (const role of ["controller", "mover"]) {
    const { code, stdout } = await runKopiur([role, "--help"]);
    equal(code, 0);
    const missing = CONFIG_VARIABLES.filter(({ name, roles }) =>
      roles.includes(role) && !stdout.includes(name)
    );
    deepEqual(missing, [], role);
  }
});

Deno.test("kopiur called through a link named kubectl-kopiur is the plugin", async () => {
  await inFolder(async (folder) => {
    const link = join(folder, "kubectl-kopiur");
    await Deno.symlink(await kopiurBinary(), link);
    const help = await runTool([link, "--help"], { clearEnv: true });
    deepEqual([help.code, help.stdout.split("\n")[0]], [0, "Usage: kubectl kopiur <command> [options]"]);
    equal((await runTool([link, "controller"], { clearEnv: true })).code, 2);
  });
});

Deno.test("kopiur ends quietly when nobody reads what it prints", async () => {
  const shell = ["sh", "-c", '"$0" controller --help | true', await kopiurBinary()];
  deepEqual(await runTool(shell), { code: 0, stdout: "", stderr: "" });
});

Deno.test("kopiur controller names every variable it cannot use, and answers 2", async () => {
  const result = await runKopiur(["controller"], {
    env: { KOPIUR_HTTP_ADDR: "8080", KOPIUR_MOVER_PULL_POLICY: "Sometimes" },
  });
  deepEqual([result.code, result.stdout], [2, ""]);
  deepEqual(result.stderr.trim().split("\n").map((line) => /Cannot use (\S+):/.exec(line)?.[1]), [
    "KOPIUR_MOVER_IMAGE",
    "KOPIUR_MOVER_PULL_POLICY",
    "KOPIUR_HTTP_ADDR",
  ]);
});

Deno.test("kopiur keeps its word about bad log settings: a warning, and on it goes", async () => {
  const result = await runKopiur(["mover"], {
    env: {
      RUST_LOG: "inof",
      KOPIUR_LOG_FORMAT: "xml",
      KOPIUR_WORK_SPEC_PATH: "/nowhere",
      KOPIUR_RESULT_PATH: "/dev/null",
    },
  });
  equal(result.code, 2);
  match(result.stdout, /RUST_LOG/);
  match(result.stdout, /KOPIUR_LOG_FORMAT/);
});

Deno.test("kopiur controller without a cluster says so and answers 1", async () => {
  const base = { KOPIUR_MOVER_IMAGE: "kopiur.local/kopiur:test", KOPIUR_HTTP_ADDR: "127.0.0.1:0" };
  const none = await runKopiur(["controller"], { env: base });
  equal(none.code, 1);
  match(none.stdout, /ERROR .*Cannot .*kubeconfig/i);
  await inFolder(async (folder) => {
    const kubeconfig = join(folder, "config");
    const server = { server: "https://127.0.0.1:1" };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: server }],
      users: [{ name: "u", user: {} }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    };
    await Deno.writeTextFile(kubeconfig, JSON.stringify(config));
    const silent = await runKopiur(["controller"], { env: { ...base, KUBECONFIG: kubeconfig } });
    equal(silent.code, 1);
    match(silent.stdout, /ERROR .*127\.0\.0\.1:1/);
    const status = await runKopiur(["status", "--kubeconfig", kubeconfig]);
    deepEqual([status.code, status.stdout], [1, ""]);
    match(status.stderr, /^error: Cannot .*127\.0\.0\.1:1/);
  });
});

Deno.test("kopiur starts with an empty environment in a folder nobody can write to", async () => {
  const binary = await kopiurBinary();
  const result = await runTool(["env", "-i", "-C", "/proc", binary, "version"]);
  deepEqual([result.code, result.stderr], [0, ""]);
});

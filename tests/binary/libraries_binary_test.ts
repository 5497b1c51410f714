import { deepEqual, equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type Bundle, bundleModule, foreignImports } from "../../deploy/compile/bundle.ts";
import { compileTarget } from "../../deploy/compile/compile_target.ts";
import { hostTarget } from "../../deploy/compile/compile.ts";
import { runTool } from "../parts/mod.ts";
import { inFolder } from "./kopiur_binary.ts";

Deno.test("every library works in a compiled binary", async () => {
  await inFolder(async (folder) => {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const bundle = await bundleModule(root, "tests/binary/libraries.ts", {
      version: "",
      commit: "",
      date: "",
    });
    deepEqual(foreignImports(bundle), []);
    const { path } = await compileTarget({
      bundle,
      date: new Date(0),
      target: hostTarget(),
      outputFolder: folder,
      denortBin: Deno.env.get("DENORT_BIN"),
    });
    const { code, stdout, stderr } = await runTool([path], { clearEnv: true, limitSeconds: 60 });
    equal(code, 0, stderr);
    const lines = stdout.trim().split("\n");
    deepEqual(lines.filter((line) => !line.startsWith("works: ")), []);
    equal(lines.length, 11);
  });
});

Deno.test("compileTarget() gives equal bytes for equal input, and leaves what is up to date alone", async () => {
  await inFolder(async (folder) => {
    const input = {
      bundle: twoModules('export const word = "hello";'),
      date: new Date(0),
      target: hostTarget(),
      outputFolder: folder,
      denortBin: Deno.env.get("DENORT_BIN"),
    };
    const first = await compileTarget(input);
    const bytes = await Deno.readFile(first.path);
    equal((await compileTarget(input)).outcome, "unchanged");
    equal((await runTool([first.path], { clearEnv: true })).stdout, "hello\n");
    equal(
      (await compileTarget({ ...input, bundle: twoModules('export const word = "other";') })).outcome,
      "compiled",
    );
    equal((await compileTarget(input)).outcome, "compiled");
    const again = await Deno.readFile(first.path);
    equal(again.length === bytes.length && again.every((byte, at) => byte === bytes[at]), true);
  });
});

function twoModules(source: string): Bundle {
  const entry = 'const { word } = await import("./word.js"); console.log(word);';
  return { entry: "hello.js", modules: new Map([["hello.js", entry], ["word.js", source]]) };
}

import { equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { partTest } from "./part_case.ts";
import { runTool } from "./run_tool.ts";

const program = fileURLToPath(new URL("./cli.ts", import.meta.url));

async function parts(cache: string, ...args: string[]) {
  const argv = [Deno.execPath(), "run", "--quiet", "--allow-all", program, ...args];
  return await runTool(argv, { env: { KOPIUR_CACHE: cache } });
}

partTest({
  name: "parts are built once, even when several processes ask at the same moment",
  parts: ["pause"],
  fn: async () => {
    const cache = await Deno.makeTempDir();
    // What a build that was killed leaves.
    await Deno.mkdir(`${cache}/parts/.pause-killed`, { recursive: true });
    const results = await Promise.all([1, 2, 3].map(() => parts(cache, "path", "pause")));
    equal(new Set(results.map(({ stdout }) => stdout)).size, 1);
    const builds = results.map(({ stderr }) => stderr).join("").match(/^built pause 1 in \d+(\.\d)?s$/gm);
    equal(builds?.length, 1);
    const again = await parts(cache, "path", "pause");
    equal(again.stderr, "");
    equal(
      [...Deno.readDirSync(`${cache}/parts`)].filter((entry) => entry.name.startsWith(".pause-")).length,
      0,
    );
    await Deno.remove(cache, { recursive: true });
  },
});

partTest({
  name: "the command line refuses a part it does not know",
  parts: [],
  fn: async () => {
    const { code, stderr } = await parts(Deno.cwd(), "build", "kopja");
    equal(code, 2);
    match(stderr, /Cannot find the part "kopja"/);
  },
});

import { deepEqual, ok } from "node:assert/strict";
import { judgeContract } from "./contract.ts";

const root = new URL("../", import.meta.url);

async function read(path: string): Promise<string | undefined> {
  try {
    const url = new URL(path, root);
    return (await Deno.stat(url)).isDirectory ? "" : await Deno.readTextFile(url);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("each promise of the contract names places and tests that are there", async () => {
  const text = await Deno.readTextFile(new URL("deploy/docs/contract.md", root));
  const { promises, faults } = await judgeContract(text, read);
  deepEqual(faults, []);
  ok(promises > 50, `${promises} promises were looked at, expected all of the contract`);
});

Deno.test("judgeContract() names a file, a test and a state that are not there", async () => {
  const here = "`tests/contract_test.ts`";
  const own = "judgeContract() names a file, a test and a state that are not there";
  const table = [
    "| promise | state | decided in | shown by |",
    "| --- | --- | --- | --- |",
    `| kept | done | \`tests\` | ${here} "${own}" |`,
    "| later | to come | | |",
    "| lost | done | `gone/folder` | `tests/gone_test.ts` |",
    `| renamed | partly | \`tests\` | ${here} "${own}${" once"}" |`,
    "| bare | done | | |",
    "| odd | perhaps | | |",
  ];
  deepEqual(await judgeContract(table.join("\n"), read), {
    promises: 6,
    faults: [
      "5: gone/folder is not there",
      "5: tests/gone_test.ts is not there",
      `6: tests/contract_test.ts has no test "${own} once"`,
      "7: names no place where it is decided",
      "7: names no test",
      '8: "perhaps" is no state, expected done, partly, to come',
    ],
  });
});

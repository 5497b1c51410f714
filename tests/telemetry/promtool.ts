/** What promtool says of an exposition, without what is known and justified. */
import { partPath, runTool } from "../parts/mod.ts";

/** Remarks that stay, for the reason in decision 0013. */
const justified: readonly RegExp[] = [
  // The name is promised (deploy/docs/contract.md).
  /^kopiur_repo_snapshot_count non-histogram and non-summary metrics should not have "_count" suffix$/,
];

/** Every remark of `promtool check metrics` that nothing justifies; throws when it cannot read the text at all. */
export async function promtoolRemarks(text: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runTool([await partPath("promtool"), "check", "metrics"], {
    stdin: text,
  });
  // 3 is a remark; anything else is a text that is no exposition.
  if (code !== 0 && code !== 3) throw new Error(`Cannot check the metrics: promtool said: ${stderr}`);
  return `${stdout}${stderr}`.split("\n").filter((line) =>
    line !== "" && !justified.some((known) => known.test(line))
  );
}

import { deepEqual } from "node:assert/strict";

/** What a process that was granted everything may still do after the script. */
async function stillMay(script: string): Promise<unknown> {
  const tries = `
    const tried = async (fn) => { try { await fn(); return "may"; } catch (error) { return error.name; } };
    console.log(JSON.stringify({
      read: await tried(() => Deno.readTextFile("/etc/hostname")),
      write: await tried(() => Deno.writeTextFile("/dev/null", "x")),
      run: await tried(() => new Deno.Command("true").output()),
      net: await tried(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close()),
    }));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--quiet",
      `import { giveUp } from "${new URL("./permissions.ts", import.meta.url)}"; ${script}; ${tries}`,
    ],
    stdin: "null",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("giveUp() takes from a process what its role has no use for, for good, and nothing else", async () => {
  const all = { read: "may", write: "may", run: "may", net: "may" };
  deepEqual(await stillMay("giveUp()"), all);
  deepEqual(await stillMay('giveUp("write", "run")'), { ...all, write: "NotCapable", run: "NotCapable" });
  deepEqual(await stillMay('giveUp("net")'), { ...all, net: "NotCapable" });
  const asked = 'giveUp("run"); await Deno.permissions.request({ name: "run" })';
  deepEqual(await stillMay(asked), { ...all, run: "NotCapable" });
});

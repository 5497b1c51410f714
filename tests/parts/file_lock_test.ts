import { deepEqual } from "node:assert/strict";
import { withFileLock } from "./file_lock.ts";

Deno.test("withFileLock() lets one holder in at a time, and the next after a failure", async () => {
  const folder = await Deno.makeTempDir();
  const events: string[] = [];
  const enter = (name: string, fail = false) =>
    withFileLock(`${folder}/sub/lock`, async () => {
      events.push(`${name} in`);
      await Deno.stat(folder);
      events.push(`${name} out`);
      if (fail) throw new Error(name);
    }).catch(() => undefined);
  await Promise.all([enter("a", true), enter("b"), enter("c")]);
  const order = events.filter((event) => event.endsWith(" in")).map((event) => event.slice(0, 1));
  deepEqual(events, order.flatMap((name) => [`${name} in`, `${name} out`]));
  await Deno.remove(folder, { recursive: true });
});

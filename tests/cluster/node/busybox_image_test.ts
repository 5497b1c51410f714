import { equal, rejects } from "node:assert/strict";
import { needsLoader, writeBusyboxImage } from "./busybox_image.ts";

Deno.test("writeBusyboxImage() refuses a program that is linked dynamically", async () => {
  equal(await needsLoader(Deno.execPath()), true);
  await rejects(
    writeBusyboxImage("/unused.tar", Deno.execPath()),
    /is linked dynamically, expected a static one/,
  );
});

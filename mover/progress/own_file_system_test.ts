import assert from "node:assert/strict";
import { hasOwnFileSystem, isOwnFileSystem } from "./own_file_system.ts";

/** As in a mover's container: a volume on a device, a folder of the node's disk, servers, and one with a blank. */
const mounts = [
  "1800 1700 0:300 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a,upperdir=/b",
  "1801 1800 8:32 / /sources/device ro,relatime - ext4 /dev/sdc rw",
  "1802 1800 8:1 /var/lib/pvc-1 /sources/folder ro,relatime shared:5 - xfs /dev/sda1 rw",
  "1803 1800 0:99 / /sources/server ro,relatime - nfs4 10.0.0.1:/exports/a rw,vers=4.2",
  "1804 1800 8:48 / /sources/with\\040blank ro,relatime - xfs /dev/sdd rw",
  "1805 1800 8:64 / /sources/covered ro,relatime - ext4 /dev/sde rw",
  "1806 1805 8:1 /elsewhere /sources/covered ro,relatime - ext4 /dev/sda1 rw",
  "",
].join("\n");

Deno.test("isOwnFileSystem() believes the root of a local file system alone", () => {
  const asked = ["device", "with blank", "folder", "server", "covered", "missing"];
  assert.deepEqual(asked.filter((name) => isOwnFileSystem(`/sources/${name}`, mounts)), [
    "device",
    "with blank",
  ]);
  assert.equal(isOwnFileSystem("/", mounts), false);
  assert.equal(isOwnFileSystem("", "\n- \n"), false);
});

Deno.test("hasOwnFileSystem() says no of a folder that is no mount", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal(await hasOwnFileSystem(folder), false);
  } finally {
    await Deno.remove(folder);
  }
});

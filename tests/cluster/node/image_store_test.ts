import { equal } from "node:assert/strict";
import { parseImageDigest } from "./image_store.ts";

const digest = `sha256:${"0a".repeat(32)}`;
const header = "REF TYPE DIGEST SIZE PLATFORMS LABELS";
const row =
  `kopiur.test/busybox:1 application/vnd.oci.image.manifest.v1+json ${digest} 2.0 MiB linux/amd64 -`;

Deno.test("parseImageDigest() reads the digest in the row of the image", () => {
  equal(parseImageDigest(`${header}\n${row}\n`, "kopiur.test/busybox:1"), digest);
});

Deno.test("parseImageDigest() knows no image that is not in the list, whatever was printed", () => {
  equal(parseImageDigest(`${header}\n${row}\n`, "kopiur.test/busybox"), undefined);
  equal(parseImageDigest(header, "kopiur.test/busybox:1"), undefined);
  equal(parseImageDigest("kopiur.test/busybox:1 sha256:short", "kopiur.test/busybox:1"), undefined);
  equal(parseImageDigest("", "kopiur.test/busybox:1"), undefined);
});

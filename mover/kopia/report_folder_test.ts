import assert from "node:assert/strict";
import { parseUploadedBytes } from "./report_folder.ts";

const cases: Readonly<Record<string, readonly [string, number | undefined]>> = {
  "reads the counter as Go writes numbers": [
    "# TYPE kopia_blob_upload_bytes_total counter\nkopia_blob_upload_bytes_total 3.008456e+06\nother 1\n",
    3008456,
  ],
  "reads a zero": ["kopia_blob_upload_bytes_total 0\n", 0],
  "is undefined without the counter": ["kopia_other 1\n", undefined],
  "is undefined for what is no number": ["kopia_blob_upload_bytes_total NaN\n", undefined],
  "is undefined for a negative number": ["kopia_blob_upload_bytes_total -5\n", undefined],
  "is undefined for a number beyond counting": ["kopia_blob_upload_bytes_total +Inf\n", undefined],
  "is undefined for nothing": ["", undefined],
  "is undefined for a torn line": ["kopia_blob_upload_bytes_total", undefined],
};

for (const [sentence, [given, want]] of Object.entries(cases)) {
  Deno.test(`parseUploadedBytes() ${sentence}`, () => assert.equal(parseUploadedBytes(given), want));
}

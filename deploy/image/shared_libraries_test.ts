import { deepEqual, throws } from "node:assert/strict";
import { parseLdd } from "./shared_libraries.ts";

Deno.test("parseLdd() takes libraries and the loader, and leaves the kernel's own out", () => {
  const output = `	linux-vdso.so.1 (0x00007fd37713f000)
	libgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007fd377109000)
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fd37153e000)
	/lib64/ld-linux-x86-64.so.2 (0x00007fd377141000)
`;
  deepEqual(parseLdd(output), [
    "/lib/x86_64-linux-gnu/libc.so.6",
    "/lib/x86_64-linux-gnu/libgcc_s.so.1",
    "/lib64/ld-linux-x86-64.so.2",
  ]);
});

Deno.test("parseLdd() names a library that is not on the machine", () => {
  throws(() => parseLdd("\tlibgcc_s.so.1 => not found\n"), /"libgcc_s.so.1" is not on this machine/);
});

Deno.test("parseLdd() refuses a program that is not dynamically linked", () => {
  throws(() => parseLdd("\tnot a dynamic executable\n"), /ldd names none/);
});

import { equal, throws } from "node:assert/strict";
import { chooseLoopbackAddress } from "./loopback_address.ts";

Deno.test("chooseLoopbackAddress() passes over an address with a taken port", () => {
  const numbers = [0, 0, 0];
  const random = () => numbers.shift() ?? 0.5;
  const isFree = (address: string, port: number) => address !== "127.64.0.1" || port !== 6443;
  equal(chooseLoopbackAddress([2379, 6443], random, isFree), "127.95.128.128");
});

Deno.test("chooseLoopbackAddress() gives up where nothing is free", () => {
  throws(
    () => chooseLoopbackAddress([6443], Math.random, () => false),
    /50 were tried and none had ports 6443 free/,
  );
});

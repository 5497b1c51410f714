import { deepEqual, equal, throws } from "node:assert/strict";
import { clusterNetwork, networkCount, networkIsTaken } from "./cluster_network.ts";

Deno.test("clusterNetwork() gives every cluster addresses of its own", () => {
  const networks = Array.from({ length: networkCount }, (_, index) => clusterNetwork(index));
  for (const key of ["hostAddress", "linkCidr", "podCidr", "serviceCidr", "hostInterface"] as const) {
    equal(new Set(networks.map((network) => network[key])).size, networkCount);
  }
  equal(networks.every(({ hostInterface }) => hostInterface.length < 16), true);
  throws(() => clusterNetwork(64), /the index is 64, expected 0 to 63/);
});

Deno.test("networkIsTaken() sees routes into any of the ranges, of whatever size", () => {
  const taken = (route: string) =>
    networkIsTaken(clusterNetwork(1), `default via 192.0.2.1 dev eth0\n${route}\n`);
  const cases: readonly (readonly [string, boolean])[] = [
    ["192.0.2.0/24 dev eth0", false],
    ["10.98.0.0/30 dev kopiur0h", false],
    ["10.98.1.0/30 dev kopiur1h", true],
    ["10.99.5.0/24 via 10.9.9.9", true],
    ["10.100.1.7 dev tun0", true],
    ["10.0.0.0/8 dev tun0", true],
    ["broadcast 10.98.1.3 dev kopiur1h", false],
  ];
  deepEqual(cases.map(([route]) => taken(route)), cases.map(([, expected]) => expected));
});

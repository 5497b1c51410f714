/** Every address an API server, a node, a pod or a Service of the tests can have. */
const testRanges = "127.0.0.0/8,10.98.0.0/16,10.99.0.0/16,10.100.0.0/16";

/**
 * Tells this process and its children to pass a proxy of the machine over for addresses of the tests. Without it a
 * kubelet, a kubectl or a fetch would ask the proxy for an address only this machine knows.
 */
export function reachTestAddressesDirectly(): void {
  for (const name of ["NO_PROXY", "no_proxy"]) {
    const value = withTestRanges(Deno.env.get(name) ?? "");
    if (value !== Deno.env.get(name)) Deno.env.set(name, value);
  }
}

/** The value of NO_PROXY with the ranges of the tests added, once. */
export function withTestRanges(noProxy: string): string {
  if (noProxy.includes(testRanges)) return noProxy;
  return noProxy === "" ? testRanges : `${noProxy},${testRanges}`;
}

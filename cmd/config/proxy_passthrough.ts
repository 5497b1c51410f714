import { MOVER_ENV } from "../../api/mover/environment.ts";
import type { HandedOn } from "../../telemetry/mod.ts";
import type { Environment } from "./variable.ts";

/**
 * The proxies that movers get from the controller, and the names of those that they do not get: one with a user stands
 * in no Job, where whoever may read Jobs would see its password.
 */
export function proxyPassthrough(
  env: Environment,
): { readonly handedOn: readonly HandedOn[]; readonly heldBack: readonly string[] } {
  const given = [MOVER_ENV.httpsProxy, MOVER_ENV.httpProxy, MOVER_ENV.noProxy].flatMap((name) => {
    const value = (env[name] || env[name.toLowerCase()] || "").trim();
    return value === "" ? [] : [{ name, value }];
  });
  return {
    handedOn: given.filter(({ value }) => !value.includes("@")),
    heldBack: given.filter(({ value }) => value.includes("@")).map(({ name }) => name),
  };
}

import * as z from "zod";
import type { ListenAddress } from "../../telemetry/mod.ts";

/** `true`, `1`, `false` or `0`, in any case. */
export const flag = z.string().toLowerCase().pipe(z.enum(["true", "1", "false", "0"]))
  .transform((text) => text === "true" || text === "1");

/** The name of a namespace (DNS-1123 label). */
export const namespaceName = z.string().max(63).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);

/** An image reference: name with tag or digest, as a pod takes it. */
export const imageReference = z.string().max(512).regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/);

/** A path on this machine; a program's name without a slash is found on the PATH. */
export const path = z.string().max(4096).regex(/^[^\0]+$/);

const objectName = "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?";

/** The name of a Secret. */
export const secretName = z.string().regex(new RegExp(`^${objectName}$`));

/** `<name of a Secret or ConfigMap>/<key in it>`. */
export const nameAndKey = z.string().max(507).regex(new RegExp(`^${objectName}/[-._A-Za-z0-9]+$`))
  .transform((text) => {
    const [name = "", key = ""] = text.split("/");
    return { name, key };
  });

/** Names of objects, separated by commas; none in an empty text. */
export const objectNames = z.string().max(4096).regex(
  new RegExp(`^(${objectName}(\\s*,\\s*${objectName})*)?$`),
)
  .transform((text): readonly string[] => text === "" ? [] : text.split(",").map((name) => name.trim()));

/** `<host>:<port>`, `[<IPv6>]:<port>` or `:<port>`, which means every address, as `[::]` does; port 0 takes a free one. */
export const listenAddress = z.string().transform((text, context): ListenAddress => {
  const found = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):([0-9]{1,5})$/.exec(text);
  const port = Number(found?.[2]);
  if (found === null || port > 65535) {
    context.addIssue("not an address");
    return z.NEVER;
  }
  const host = (found[1] ?? "").replace(/^\[|\]$/g, "");
  return { hostname: host === "" ? "::" : host, port };
});

/** A whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): z.ZodType<number, string | undefined> {
  return z.string().regex(/^[0-9]{1,9}$/).transform(Number).pipe(z.number().min(least).max(most));
}

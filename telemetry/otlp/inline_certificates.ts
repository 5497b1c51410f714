/** Replaces paths of certificates and keys in an environment by their text, so that all parsing is pure. */
import type { Environment } from "../settings.ts";
import { otlpVariables, variableNames } from "./variables.ts";

/** A larger file is neither. */
const mostBytes = 1024 * 1024;

/**
 * The environment with the text of each such file in place of its path. A file that cannot be read stays
 * a path, which the parser then reports.
 */
export async function inlineCertificates(
  env: Environment,
  readTextFile: (path: string) => Promise<string>,
): Promise<Environment> {
  const found: Record<string, string> = {};
  const { certificate, clientCertificate, clientKey } = otlpVariables;
  for (const name of [certificate, clientCertificate, clientKey].flatMap((each) => variableNames(each))) {
    const path = env[name]?.trim() ?? "";
    if (path === "" || path.startsWith("-----BEGIN")) continue;
    try {
      const text = await readTextFile(path);
      if (text.length <= mostBytes) found[name] = text.trim();
    } catch {
      // The parser reports the variable and its value.
    }
  }
  return { ...env, ...found };
}

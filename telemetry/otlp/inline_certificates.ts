/** Puts the certificates an environment points at into the environment, so that all else is pure. */
import type { Environment } from "../settings.ts";
import { otlpVariables, variableNames } from "./variables.ts";

/** Certificates are small; anything larger is another file. */
const mostBytes = 1024 * 1024;

/**
 * The environment with the text of the file in place of its path, for each certificate variable. A file that cannot be
 * read stays a path, which the parser refuses by name.
 */
export async function inlineCertificates(
  env: Environment,
  readTextFile: (path: string) => Promise<string>,
): Promise<Environment> {
  const found: Record<string, string> = {};
  for (const name of variableNames(otlpVariables.certificate)) {
    const path = env[name]?.trim() ?? "";
    if (path === "" || path.startsWith("-----BEGIN")) continue;
    try {
      const text = await readTextFile(path);
      if (text.length <= mostBytes) found[name] = text.trim();
    } catch {
      // The parser says so, with the name of the variable and what is in it.
    }
  }
  return { ...env, ...found };
}

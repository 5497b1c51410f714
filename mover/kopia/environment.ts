import { MOVER_ENV } from "../../api/mover/contract.ts";
import type { Environment } from "../work_spec.ts";

/** Variables that hold a secret; their values appear in no log and no result. */
const secretVariables = [
  MOVER_ENV.password,
  MOVER_ENV.awsAccessKeyId,
  MOVER_ENV.awsSecretAccessKey,
  MOVER_ENV.awsSessionToken,
] as const;

/** What kopia reads, and what Go needs to reach the storage through a proxy or with the system's certificates. */
const passedOn = [
  ...secretVariables,
  MOVER_ENV.cacheFolder,
  MOVER_ENV.logFolder,
  MOVER_ENV.configPath,
  MOVER_ENV.checkForUpdates,
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR"],
] as const;

/** Go refuses a header with a line break, and nobody sees the one at the end of a Secret's value. */
const trimmed: readonly string[] = [
  MOVER_ENV.awsAccessKeyId,
  MOVER_ENV.awsSecretAccessKey,
  MOVER_ENV.awsSessionToken,
];

/**
 * The whole environment of a kopia process, picked from the mover's by name. Keys of the storage lose the white space
 * around them, as kopia itself does with the password.
 */
export function kopiaEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const picked: Record<string, string> = {};
  for (const name of passedOn) {
    const value = environment[name];
    if (value !== undefined) picked[name] = trimmed.includes(name) ? value.trim() : value;
  }
  return picked;
}

/** The secrets among the variables, to be kept out of everything that is told. */
export function secretsOf(environment: Environment): readonly string[] {
  const values = secretVariables.map((name) => environment[name] ?? "");
  return [...new Set(values.flatMap((value) => [value, value.trim()]))].filter((value) =>
    value.trim() !== ""
  );
}

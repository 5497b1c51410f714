import { MOVER_ENV } from "../../api/mover/contract.ts";
import type { Environment } from "../work_spec.ts";

/** Variables with a secret; their values must appear in no log and no result. */
const secretVariables = [
  MOVER_ENV.password,
  MOVER_ENV.awsAccessKeyId,
  MOVER_ENV.awsSecretAccessKey,
  MOVER_ENV.awsSessionToken,
] as const;

/** What kopia reads, and what Go needs for proxies and for the system's certificates. */
const passedOn = [
  ...secretVariables,
  MOVER_ENV.cacheFolder,
  MOVER_ENV.logFolder,
  MOVER_ENV.configPath,
  MOVER_ENV.checkForUpdates,
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR"],
] as const;

/** Trimmed, because a Secret's value often ends with an unseen line break, which Go refuses in a header. */
const trimmed: readonly string[] = [
  MOVER_ENV.awsAccessKeyId,
  MOVER_ENV.awsSecretAccessKey,
  MOVER_ENV.awsSessionToken,
];

/**
 * The whole environment of a kopia process, taken from the mover's by name. The storage keys are trimmed; kopia itself
 * trims the password.
 */
export function kopiaEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const picked: Record<string, string> = {};
  for (const name of passedOn) {
    const value = environment[name];
    if (value !== undefined) picked[name] = trimmed.includes(name) ? value.trim() : value;
  }
  return picked;
}

/** The values that must be redacted, trimmed and as they are. */
export function secretsOf(environment: Environment): readonly string[] {
  const values = secretVariables.map((name) => environment[name] ?? "");
  return [...new Set(values.flatMap((value) => [value, value.trim()]))].filter((value) =>
    value.trim() !== ""
  );
}

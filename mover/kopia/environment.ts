import { MOVER_ENV } from "../../api/mover/contract.ts";
import type { Environment } from "../work_spec.ts";

/** Variables with a secret; their values must appear in no log and no result. */
const secretVariables = [
  MOVER_ENV.password,
  MOVER_ENV.awsAccessKeyId,
  MOVER_ENV.awsSecretAccessKey,
  MOVER_ENV.awsSessionToken,
] as const;

/** Addresses of proxies, which may hold user and password. */
const proxyVariables = ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"] as const;

/** What kopia reads, and what Go needs for proxies and for the system's certificates. */
const passedOn = [
  ...secretVariables,
  MOVER_ENV.cacheFolder,
  MOVER_ENV.logFolder,
  MOVER_ENV.configPath,
  MOVER_ENV.checkForUpdates,
  ...proxyVariables,
  ...["NO_PROXY", "no_proxy", "SSL_CERT_FILE", MOVER_ENV.trustFolders, "TMPDIR"],
] as const;

/** Trimmed, because a Secret's value often ends with an unseen line break, which Go refuses in a header. */
const trimmed: readonly string[] = [
  MOVER_ENV.awsAccessKeyId,
  MOVER_ENV.awsSecretAccessKey,
  MOVER_ENV.awsSessionToken,
  ...proxyVariables,
];

/**
 * The whole environment of a kopia process, taken from the mover's by name. The storage keys and proxies are
 * trimmed; kopia itself trims the password.
 */
export function kopiaEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const picked: Record<string, string> = {};
  for (const name of passedOn) {
    const value = environment[name];
    if (value !== undefined) picked[name] = trimmed.includes(name) ? value.trim() : value;
  }
  return picked;
}

/** The values that must be redacted, trimmed and as they are; of a proxy its user and password. */
export function secretsOf(environment: Environment): readonly string[] {
  const values = [
    ...secretVariables.map((name) => environment[name] ?? ""),
    ...proxyVariables.flatMap((name) => userInfoOf(environment[name] ?? "")),
  ];
  return [...new Set(values.flatMap((value) => [value, value.trim()]))].filter((value) =>
    value.trim() !== ""
  );
}

/** User and password of a URL together, and the password alone, also as it is without percent signs. */
function userInfoOf(url: string): readonly string[] {
  const userInfo = /^[^/?#]*\/\/([^/?#]*)@/.exec(url.trim())?.[1] ?? "";
  const password = userInfo.slice(userInfo.indexOf(":") + 1);
  try {
    return [userInfo, password, decodeURIComponent(password)];
  } catch {
    // A "%" that stands for itself.
    return [userInfo, password];
  }
}

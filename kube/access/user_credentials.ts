import { createAuthProvider } from "./auth_provider.ts";
import type { KubeClock } from "../clock.ts";
import type { CredentialHeaders, Credentials, CredentialSource } from "./connection.ts";
import { dataOrFile, inFolder, readToken, unusable } from "./credential_files.ts";
import { runExecPlugin } from "./exec_plugin.ts";
import { impersonationHeaders } from "./impersonation.ts";
import { assertKeyPair, readableCertificates } from "./key_pair.ts";
import type { KubeconfigCluster, KubeconfigUser, Placed } from "./kubeconfig_file.ts";
import { type LoadCredentials, PolledCredentials } from "./polled_credentials.ts";

/** A cluster and a user of a kubeconfig, chosen by a context. */
export interface ChosenUser {
  readonly cluster: Placed<KubeconfigCluster>;
  readonly user: Placed<KubeconfigUser>;
  /** For errors: `context "x" of "path"`. */
  readonly description: string;
  /** Given to exec plugins. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Files are read again after this time; a mounted token is renewed long before it ends. */
export const FILE_SECONDS = 60;
const providerSeconds = 30;
/** Plugins run again this much before their credentials end, so that these do not end during a request. */
const expiryMarginSeconds = 5;
/** The least time between two runs, for a plugin whose credentials end at once. */
const leastSeconds = 1;

/** The credentials of a user of a kubeconfig, in every form kubectl knows. */
export function userCredentials(chosen: ChosenUser, clock: KubeClock): CredentialSource {
  return new PolledCredentials(loaderOf(chosen, clock), clock, chosen.description);
}

function loaderOf(chosen: ChosenUser, clock: KubeClock): LoadCredentials {
  const { exec, "auth-provider": provider } = chosen.user.value;
  if (exec !== null && exec !== undefined) return execLoader(chosen, { ...chosen.user, value: exec }, clock);
  if (provider === null || provider === undefined) {
    return async () => ({ credentials: await readUser(chosen), goodForSeconds: FILE_SECONDS });
  }
  let authorize: Promise<() => Promise<string>> | undefined;
  return async () => {
    authorize ??= createAuthProvider({ name: provider.name, config: provider.config ?? {} });
    const authorization = await (await authorize)();
    const base = await readUser(chosen);
    return {
      credentials: { ...base, headers: { ...base.headers, authorization } },
      goodForSeconds: providerSeconds,
    };
  };
}

function execLoader(
  chosen: ChosenUser,
  exec: Placed<NonNullable<KubeconfigUser["exec"]>>,
  clock: KubeClock,
): LoadCredentials {
  return async (signal) => {
    const base = await readUser(chosen);
    // As with kubectl, a token or password beside the plugin wins.
    if (base.headers.authorization !== undefined) return { credentials: base, goodForSeconds: FILE_SECONDS };
    const ca = await authorityOf(chosen);
    const credential = await runExecPlugin(
      { exec, cluster: chosen.cluster.value, env: chosen.env, ...(ca === undefined ? {} : { ca }) },
      signal,
    );
    const { token, clientCertificate, expiresMs } = credential;
    if (clientCertificate !== undefined) {
      assertKeyPair(clientCertificate.cert, clientCertificate.key, `the plugin "${exec.value.command}"`);
    }
    const goodForSeconds = expiresMs === undefined
      ? Infinity
      : Math.max(leastSeconds, (expiresMs - clock.epochMs()) / 1000 - expiryMarginSeconds);
    const headers = { ...base.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    return {
      credentials: { ...base, headers, ...(clientCertificate === undefined ? {} : { clientCertificate }) },
      goodForSeconds,
    };
  };
}

function authorityOf({ cluster, description }: ChosenUser): Promise<string | undefined> {
  return dataOrFile(cluster, "certificate-authority-data", "certificate-authority", description);
}

/** Credentials from the kubeconfig and from files it names. */
async function readUser(chosen: ChosenUser): Promise<Credentials> {
  const { user, description: origin } = chosen;
  const ca = await authorityOf(chosen);
  const cert = await dataOrFile(user, "client-certificate-data", "client-certificate", origin);
  const key = await dataOrFile(user, "client-key-data", "client-key", origin);
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? "client-certificate" : "client-key";
    throw unusable(origin, `"${missing}" is missing`, "a client certificate with its key");
  }
  if (cert !== undefined && key !== undefined) assertKeyPair(cert, key, origin);
  return {
    headers: { ...await authorizationOf(user, origin), ...impersonationHeaders(user.value) },
    caCerts: ca === undefined ? [] : readableCertificates(ca, origin),
    ...(cert === undefined || key === undefined ? {} : { clientCertificate: { cert, key } }),
  };
}

async function authorizationOf(
  user: Placed<KubeconfigUser>,
  origin: string,
): Promise<CredentialHeaders> {
  const { token, username, password, tokenFile, "token-file": otherTokenFile } = user.value;
  const file = tokenFile || otherTokenFile;
  if (file) return { authorization: `Bearer ${await readToken(inFolder(user.folder, file), origin)}` };
  if (token) return { authorization: `Bearer ${token.trim()}` };
  if (!username) return {};
  const pair = new TextEncoder().encode(`${username}:${password ?? ""}`);
  return { authorization: `Basic ${pair.toBase64()}` };
}

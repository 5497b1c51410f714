import { TransientError } from "../../api/errors.ts";
import { createAuthProvider } from "./auth_provider.ts";
import type { KubeClock } from "../clock.ts";
import type { Credentials, CredentialSource } from "./connection.ts";
import { runExecPlugin } from "./exec_plugin.ts";
import { assertCertificates, assertKeyPair } from "./key_pair.ts";
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
    return {
      credentials: withHeaders(await readUser(chosen), { authorization }),
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
    const cluster = chosen.cluster.value;
    const credential = await runExecPlugin({ exec, cluster, env: chosen.env }, signal);
    const { token, clientCertificate, expiresMs } = credential;
    if (clientCertificate !== undefined) {
      assertKeyPair(clientCertificate.cert, clientCertificate.key, `the plugin "${exec.value.command}"`);
    }
    const goodForSeconds = expiresMs === undefined
      ? Infinity
      : Math.max(leastSeconds, (expiresMs - clock.epochMs()) / 1000 - expiryMarginSeconds);
    const base = withHeaders(
      await readUser(chosen),
      token === undefined ? {} : { authorization: `Bearer ${token}` },
    );
    return {
      credentials: { ...base, ...(clientCertificate === undefined ? {} : { clientCertificate }) },
      goodForSeconds,
    };
  };
}

/** Credentials from the kubeconfig and from files it names. */
async function readUser(chosen: ChosenUser): Promise<Credentials> {
  const { cluster, user, description } = chosen;
  const origin = description;
  const ca = await dataOrFile(cluster, "certificate-authority-data", "certificate-authority", origin);
  if (ca !== undefined) assertCertificates(ca, origin);
  const cert = await dataOrFile(user, "client-certificate-data", "client-certificate", origin);
  const key = await dataOrFile(user, "client-key-data", "client-key", origin);
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? "client-certificate" : "client-key";
    throw unusable(origin, `"${missing}" is missing`, "a client certificate with its key");
  }
  if (cert !== undefined && key !== undefined) assertKeyPair(cert, key, origin);
  return {
    headers: { ...await authorizationOf(user, origin), ...impersonationOf(user.value) },
    caCerts: ca === undefined ? [] : [ca],
    ...(cert === undefined || key === undefined ? {} : { clientCertificate: { cert, key } }),
  };
}

async function authorizationOf(
  user: Placed<KubeconfigUser>,
  origin: string,
): Promise<Readonly<Record<string, string>>> {
  const { token, username, password, tokenFile, "token-file": otherTokenFile } = user.value;
  const file = tokenFile || otherTokenFile;
  if (file) return { authorization: `Bearer ${await readToken(inFolder(user.folder, file), origin)}` };
  if (token) return { authorization: `Bearer ${token.trim()}` };
  if (!username) return {};
  const pair = new TextEncoder().encode(`${username}:${password ?? ""}`);
  return { authorization: `Basic ${pair.toBase64()}` };
}

function impersonationOf(user: KubeconfigUser): Readonly<Record<string, string>> {
  const { as, "as-uid": uid, "as-groups": groups, "as-user-extra": extra } = user;
  if ((groups ?? []).length > 1 || Object.keys(extra ?? {}).length > 0) {
    // A header cannot be given twice through fetch, and the server does not split lists.
    throw new TypeError(
      "Cannot impersonate: several as-groups or as-user-extra are given, expected as, as-uid and at most one group",
    );
  }
  return {
    ...(as ? { "impersonate-user": as } : {}),
    ...(uid ? { "impersonate-uid": uid } : {}),
    ...(groups?.[0] ? { "impersonate-group": groups[0] } : {}),
  };
}

/** The token in a file, without the newline editors leave. */
export async function readToken(path: string, origin: string): Promise<string> {
  const token = (await readFile(path, origin)).trim();
  if (token === "") throw unusable(origin, `the token file "${path}" is empty`, "a token");
  return token;
}

/** The text of a file named in a kubeconfig; the error names the file and its origin. */
export async function readFile(path: string, origin: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    // A text that is no path may be the token itself, and the runtime's error would quote it.
    if (!/^[^\p{Cc}]{1,256}$/u.test(path)) {
      throw unusable(origin, `the path of a file has ${path.length} characters`, "a file we may read");
    }
    throw unusable(origin, `the file "${path}" cannot be read`, "a file we may read", error);
  }
}

/** Inline data wins over a file, as with kubectl. */
async function dataOrFile<F extends string>(
  place: Placed<{ readonly [field in F]?: string | null | undefined }>,
  dataField: F,
  fileField: F,
  origin: string,
): Promise<string | undefined> {
  const data = place.value[dataField];
  if (data) {
    try {
      return new TextDecoder().decode(Uint8Array.fromBase64(data));
    } catch {
      // The runtime's error may quote the data.
      throw unusable(origin, `"${dataField}" is not base64`, "PEM in base64");
    }
  }
  const file = place.value[fileField];
  return file ? await readFile(inFolder(place.folder, file), origin) : undefined;
}

function inFolder(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

function withHeaders(base: Credentials, headers: Readonly<Record<string, string>>): Credentials {
  return { ...base, headers: { ...base.headers, ...headers } };
}

function unusable(origin: string, found: string, expected: string, cause?: unknown): TransientError {
  const message = `Cannot use the credentials of ${origin}: ${found}, expected ${expected}`;
  return new TransientError("KubeApiError", message, cause === undefined ? undefined : { cause });
}

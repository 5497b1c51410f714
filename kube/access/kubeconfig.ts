import { type KubeClock, systemKubeClock } from "../clock.ts";
import type { ConnectionInfo } from "./connection.ts";
import {
  type Kubeconfig,
  type KubeconfigCluster,
  mergeKubeconfigs,
  parseKubeconfig,
  type Placed,
} from "./kubeconfig_file.ts";
import { parseProxy, proxyFromEnvironment } from "./proxy.ts";
import { isInPod, SERVICE_ACCOUNT_FOLDER, serviceAccountConnection } from "./service_account.ts";
import { userCredentials } from "./user_credentials.ts";

/** How to find a cluster. Everything is an argument; nothing reads the environment. */
export interface KubeconfigSources {
  /** The plugin's `--kubeconfig`: this file and no other. */
  readonly path?: string;
  /** The plugin's `--context`; the current one by default. */
  readonly context?: string;
  /**
   * Read are KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, and HTTPS_PROXY, HTTP_PROXY and
   * NO_PROXY for a server of a kubeconfig; a pod goes to its own API server directly. Exec plugins get all of it.
   */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of a pod's service account; the well-known one by default. */
  readonly serviceAccountFolder?: string;
  /** For reading credentials again; the machine's clock by default. */
  readonly clock?: KubeClock;
}

/**
 * Finds the cluster: `path`, else KUBECONFIG (a list, merged), else ~/.kube/config, else the pod's service
 * account. Credentials are not read before the first request. Throws a TypeError that says what was
 * found and where.
 */
export async function loadConnection(sources: KubeconfigSources): Promise<ConnectionInfo> {
  const files = await readKubeconfigs(sources);
  if (files.length > 0) return chooseContext(files, sources);
  const { env, serviceAccountFolder = SERVICE_ACCOUNT_FOLDER, context, clock = systemKubeClock() } = sources;
  if (context === undefined && await isInPod(env, serviceAccountFolder)) {
    return await serviceAccountConnection(env, serviceAccountFolder, clock);
  }
  throw new TypeError(
    "Cannot find a cluster: neither KUBECONFIG nor ~/.kube/config is a kubeconfig that exists, and this is no pod, " +
      "expected one of these",
  );
}

interface NamedKubeconfig {
  readonly path: string;
  readonly config: Kubeconfig;
}

async function readKubeconfigs(sources: KubeconfigSources): Promise<readonly NamedKubeconfig[]> {
  const { path, env } = sources;
  if (path !== undefined) return [await readKubeconfig(path)];
  const listed = (env.KUBECONFIG ?? "").split(":").filter((each) => each !== "");
  const home = env.HOME ?? "";
  const paths = listed.length > 0 ? listed : home === "" ? [] : [`${home}/.kube/config`];
  const found: NamedKubeconfig[] = [];
  for (const each of paths) {
    // As with kubectl, these files need not exist.
    if (await exists(each)) found.push(await readKubeconfig(each));
  }
  if (listed.length > 0 && found.length === 0) {
    throw new TypeError(
      `Cannot read KUBECONFIG: no file of "${env.KUBECONFIG}" exists, expected a kubeconfig`,
    );
  }
  return found;
}

async function readKubeconfig(path: string): Promise<NamedKubeconfig> {
  let content: string;
  try {
    content = await Deno.readTextFile(path);
  } catch (error) {
    const found = error instanceof Deno.errors.NotFound ? "it does not exist" : "it cannot be read";
    throw new TypeError(`Cannot read the kubeconfig "${path}": ${found}, expected a file`, { cause: error });
  }
  return { path, config: parseKubeconfig(content, path) };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    // A home that cannot be read (as another user's) counts as none.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

function chooseContext(files: readonly NamedKubeconfig[], sources: KubeconfigSources): ConnectionInfo {
  const config = mergeKubeconfigs(files.map((file) => file.config));
  const where = files.map((file) => `"${file.path}"`).join(", ");
  const names = [...config.contexts.keys()].map((name) => `"${name}"`).join(", ") || "none is there";
  const name = sources.context ?? config.currentContext;
  if (name === undefined) {
    throw new TypeError(
      `Cannot choose a context of ${where}: no current-context is set, expected it or --context (${names})`,
    );
  }
  const context = config.contexts.get(name);
  if (context === undefined) {
    throw new TypeError(
      `Cannot use context "${name}" of ${where}: it does not exist, expected one of ${names}`,
    );
  }
  const cluster = config.clusters.get(context.cluster);
  if (cluster === undefined) {
    throw new TypeError(
      `Cannot use context "${name}" of ${where}: its cluster "${context.cluster}" does not exist`,
    );
  }
  const user = context.user ? config.users.get(context.user) : { folder: cluster.folder, value: {} };
  if (user === undefined) {
    throw new TypeError(
      `Cannot use context "${name}" of ${where}: its user "${context.user}" does not exist`,
    );
  }
  const description = `context "${name}" of ${where}`;
  const chosen = { cluster, user, description, env: sources.env };
  return {
    ...addressOf(cluster, description, sources.env),
    description,
    namespace: context.namespace || "default",
    credentials: userCredentials(chosen, sources.clock ?? systemKubeClock()),
  };
}

function addressOf(
  cluster: Placed<KubeconfigCluster>,
  description: string,
  env: KubeconfigSources["env"],
): Pick<ConnectionInfo, "server" | "proxy" | "tlsServerName" | "insecure"> {
  const { server, "proxy-url": proxyUrl, "tls-server-name": tlsServerName } = cluster.value;
  const url = parseUrl(server);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "") {
    throw new TypeError(
      `Cannot use ${description}: its server is "${server.replace(/[^/]*@/, "").slice(0, 200)}", ` +
        `expected an address like "https://host:6443"`,
    );
  }
  const insecure = cluster.value["insecure-skip-tls-verify"] === true && url.protocol === "https:";
  refuseCombinations(cluster.value, insecure, description);
  const proxy = proxyUrl
    ? parseProxy(proxyUrl, `Cannot use ${description}: its proxy-url`)
    : proxyFromEnvironment(url, env);
  return {
    server: `${url.origin}${url.pathname.replace(/\/$/, "")}`,
    ...(proxy === undefined ? {} : { proxy }),
    ...(tlsServerName && tlsServerName !== url.hostname && url.protocol === "https:"
      ? { tlsServerName }
      : {}),
    ...(insecure ? { insecure } : {}),
  };
}

/** Throws for what the runtime cannot do, and for what kubectl refuses as well. */
function refuseCombinations(cluster: KubeconfigCluster, insecure: boolean, description: string): void {
  const { "proxy-url": proxyUrl, "tls-server-name": tlsServerName } = cluster;
  if (insecure && (cluster["certificate-authority-data"] || cluster["certificate-authority"])) {
    throw new TypeError(
      `Cannot use ${description}: it sets insecure-skip-tls-verify and a certificate authority, expected one of them`,
    );
  }
  if (!proxyUrl || (!tlsServerName && !insecure)) return;
  throw new TypeError(
    `Cannot use ${description}: it sets proxy-url and ${
      insecure ? "insecure-skip-tls-verify" : "tls-server-name"
    }, ` +
      `expected one of them, or the address of a running "kubectl proxy" as server`,
  );
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

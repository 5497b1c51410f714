import { parseJson } from "../../api/json.ts";
import * as z from "zod";
import { TransientError } from "../../api/errors.ts";
import type { KubeconfigCluster, KubeconfigExec, Placed } from "./kubeconfig_file.ts";

const credentialSchema = z.object({
  kind: z.literal("ExecCredential"),
  apiVersion: z.enum(["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]),
  status: z.object({
    token: z.string().min(1).optional(),
    clientCertificateData: z.string().min(1).optional(),
    clientKeyData: z.string().min(1).optional(),
    expirationTimestamp: z.string().optional(),
  }),
});

/** The output of an exec plugin. */
export interface ExecCredential {
  readonly token?: string;
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
  /** Milliseconds since the epoch; absent when it is valid until it is refused. */
  readonly expiresMs?: number;
}

/** An exec plugin and its environment. */
export interface ExecPlugin {
  readonly exec: Placed<KubeconfigExec>;
  readonly cluster: KubeconfigCluster;
  /** The certificate authority of the cluster in PEM, from the kubeconfig or the file it names. */
  readonly ca?: string;
  /** The plugin gets this, what the kubeconfig adds, and KUBERNETES_EXEC_INFO. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a credential plugin (client.authentication.k8s.io). Its stderr goes to ours, as with kubectl; its stdout is
 * secret and appears nowhere. It is killed when the signal aborts.
 */
export async function runExecPlugin(plugin: ExecPlugin, signal: AbortSignal): Promise<ExecCredential> {
  const { exec, env } = plugin;
  const name = exec.value.command;
  const output = await run(name, {
    args: [...(exec.value.args ?? [])],
    clearEnv: true,
    env: {
      ...Object.fromEntries(
        Object.entries(env).flatMap(([key, value]) => value === undefined ? [] : [[key, value]]),
      ),
      ...Object.fromEntries((exec.value.env ?? []).map(({ name, value }) => [name, value ?? ""])),
      KUBERNETES_EXEC_INFO: JSON.stringify(execInfo(plugin)),
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    signal,
  }, exec);
  signal.throwIfAborted();
  if (!output.success) {
    throw failed(
      name,
      `it ended with exit code ${output.code}`,
      "exit code 0 and an ExecCredential on stdout",
    );
  }
  return parseExecCredential(name, new TextDecoder().decode(output.stdout));
}

/** Parses the output of a plugin; an error never shows it. */
export function parseExecCredential(name: string, stdout: string): ExecCredential {
  const parsed = credentialSchema.safeParse(parseJson(stdout));
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join(".") ?? "";
    const found = where === "" ? "its output is no ExecCredential" : `"${where}" of its output is wrong`;
    throw failed(
      name,
      found,
      "an ExecCredential of client.authentication.k8s.io/v1 or v1beta1 with a status",
    );
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = parsed.data.status;
  if (token === undefined && (cert === undefined || key === undefined)) {
    throw failed(name, "its status holds no credential", "a token, or a client certificate with its key");
  }
  const expiresMs = Date.parse(expirationTimestamp ?? "");
  return {
    ...(token === undefined ? {} : { token }),
    ...(cert === undefined || key === undefined ? {} : { clientCertificate: { cert, key } }),
    ...(Number.isNaN(expiresMs) ? {} : { expiresMs }),
  };
}

async function run(
  name: string,
  options: Deno.CommandOptions,
  exec: Placed<KubeconfigExec>,
): Promise<Deno.CommandOutput> {
  // A relative path with a slash starts at the kubeconfig; a plain name is found on the PATH.
  const command = name.includes("/") && !name.startsWith("/") ? `${exec.folder}/${name}` : name;
  try {
    return await new Deno.Command(command, options).output();
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof Deno.errors.NotFound)) throw failed(name, "it cannot be run", "a program", error);
    const hint = exec.value.installHint ?? "";
    throw failed(
      name,
      "it was not found",
      `a program on the PATH${hint === "" ? "" : `. ${hint.trim()}`}`,
      error,
    );
  }
}

/** The extension of a cluster that holds settings for plugins. */
const EXEC_EXTENSION = "client.authentication.k8s.io/exec";

/** What kubectl tells a plugin, field by field; what the kubeconfig leaves open is not there. */
function execInfo({ exec, cluster, ca }: ExecPlugin): unknown {
  const { apiVersion, provideClusterInfo } = exec.value;
  const withCluster = provideClusterInfo !== true ? {} : {
    cluster: {
      server: cluster.server,
      "tls-server-name": cluster["tls-server-name"] || undefined,
      "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"] || undefined,
      "certificate-authority-data": ca === undefined ? undefined : new TextEncoder().encode(ca).toBase64(),
      "proxy-url": cluster["proxy-url"] || undefined,
      "disable-compression": cluster["disable-compression"] || undefined,
      config: cluster.extensions?.find(({ name }) => name === EXEC_EXTENSION)?.extension ?? null,
    },
  };
  return { apiVersion, kind: "ExecCredential", spec: { interactive: false, ...withCluster } };
}

function failed(name: string, found: string, expected: string, cause?: unknown): TransientError {
  const message = `Cannot get credentials from the plugin "${name}": ${found}, expected ${expected}`;
  return new TransientError("KubeApiError", message, cause === undefined ? undefined : { cause });
}

import { LineCounter, parseDocument } from "yaml";
import * as z from "zod";

const text = z.string().nullish();

const clusterSchema = z.object({
  server: z.string(),
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": z.boolean().nullish(),
  "tls-server-name": text,
  "proxy-url": text,
  "disable-compression": z.boolean().nullish(),
  extensions: z.array(z.object({ name: z.string(), extension: z.unknown() })).nullish(),
});

const execSchema = z.object({
  apiVersion: z.string(),
  command: z.string().min(1),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: text })).nullish(),
  installHint: text,
  provideClusterInfo: z.boolean().nullish(),
});

const userSchema = z.object({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  "token-file": text,
  username: text,
  password: text,
  as: text,
  "as-uid": text,
  "as-groups": z.array(z.string()).nullish(),
  "as-user-extra": z.record(z.string(), z.array(z.string())).nullish(),
  exec: execSchema.nullish(),
  "auth-provider": z.object({ name: z.string(), config: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
});

const contextSchema = z.object({ cluster: z.string(), user: text, namespace: text });

const fileSchema = z.object({
  "current-context": text,
  clusters: z.array(z.object({ name: z.string(), cluster: clusterSchema })).nullish(),
  users: z.array(z.object({ name: z.string(), user: userSchema.nullish() })).nullish(),
  contexts: z.array(z.object({ name: z.string(), context: contextSchema })).nullish(),
});

/** A cluster of a kubeconfig, by the names of the file. */
export type KubeconfigCluster = z.infer<typeof clusterSchema>;
/** A user of a kubeconfig, by the names of the file. */
export type KubeconfigUser = z.infer<typeof userSchema>;
/** An exec plugin of a kubeconfig, by the names of the file. */
export type KubeconfigExec = z.infer<typeof execSchema>;
/** A context of a kubeconfig. */
export type KubeconfigContext = z.infer<typeof contextSchema>;

/** A part of a kubeconfig, with the folder its relative paths start from. */
export interface Placed<T> {
  readonly folder: string;
  readonly value: T;
}

/** One or several kubeconfig files. */
export interface Kubeconfig {
  readonly currentContext?: string;
  readonly clusters: ReadonlyMap<string, Placed<KubeconfigCluster>>;
  readonly users: ReadonlyMap<string, Placed<KubeconfigUser>>;
  readonly contexts: ReadonlyMap<string, KubeconfigContext>;
}

/**
 * Parses one kubeconfig; `path` is named in errors, and relative paths start there. Errors say where the fault is,
 * never show the text: the file contains secrets.
 */
export function parseKubeconfig(content: string, path: string): Kubeconfig {
  const parsed = fileSchema.safeParse(parseYaml(content, path) ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? "it" : `"${issue.path.join(".")}"`;
    throw new TypeError(
      `Cannot read the kubeconfig "${path}": ${where} is wrong (${issue?.message}), expected a kubeconfig`,
    );
  }
  const { clusters, users, contexts } = parsed.data;
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) || "/" : ".";
  const currentContext = parsed.data["current-context"] ?? "";
  return {
    ...(currentContext === "" ? {} : { currentContext }),
    clusters: byName((clusters ?? []).map(({ name, cluster }) => [name, { folder, value: cluster }])),
    users: byName((users ?? []).map(({ name, user }) => [name, { folder, value: user ?? {} }])),
    contexts: byName((contexts ?? []).map(({ name, context }) => [name, context])),
  };
}

/** Merges several files as kubectl does: the earlier file wins. */
export function mergeKubeconfigs(files: readonly Kubeconfig[]): Kubeconfig {
  const currentContext = files.find((file) => file.currentContext !== undefined)?.currentContext;
  return {
    ...(currentContext === undefined ? {} : { currentContext }),
    clusters: byName(files.flatMap((file) => [...file.clusters])),
    users: byName(files.flatMap((file) => [...file.users])),
    contexts: byName(files.flatMap((file) => [...file.contexts])),
  };
}

/** The first of each name. */
function byName<T>(entries: readonly (readonly [string, T])[]): ReadonlyMap<string, T> {
  return new Map([...entries].reverse());
}

function parseYaml(content: string, path: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(content, { prettyErrors: false, lineCounter: lines, logLevel: "silent" });
  const fault = document.errors[0];
  if (fault !== undefined) {
    const { line } = lines.linePos(fault.pos[0]);
    throw new TypeError(
      `Cannot read the kubeconfig "${path}": line ${line} is no YAML (${fault.code}), expected a kubeconfig`,
    );
  }
  try {
    return document.toJS();
  } catch {
    // The parser's error quotes the content.
    throw new TypeError(
      `Cannot read the kubeconfig "${path}": its aliases cannot be resolved, expected a kubeconfig`,
    );
  }
}

import { MOVER_ENV, type RepositorySpec } from "../../api/mod.ts";
import { builtin } from "../../kube/builtins.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import { shortHash } from "../shared/objects/names.ts";
import { CONFIG_MAP, SECRET, VOLUME_CLAIM } from "../shared/objects/resources.ts";

/** An object that must exist before a mover can open a repository, in the repository's namespace. */
export type Need =
  | { readonly kind: "secret"; readonly name: string; readonly keys: readonly string[] }
  | { readonly kind: "configMap"; readonly name: string; readonly keys: readonly string[] }
  | { readonly kind: "volumeClaim"; readonly name: string };

/** A need and what was found. Has names of keys, never values. */
export interface Found {
  readonly need: Need;
  /** Undefined when the object does not exist or is being deleted. */
  readonly present?: {
    /** Changes when the object is replaced or its content changes. */
    readonly version: string;
    /** Hash of the content, if it was read: to see whether a changed object has new content. */
    readonly content?: string;
    /** Keys with a non-empty value; none for volumes. */
    readonly keys: readonly string[];
    /** Needed keys whose value cannot be used. */
    readonly flaws: readonly Flaw[];
  };
}

/** A key of a Secret and what is wrong with its value, as a verb with its object. */
interface Flaw {
  readonly key: string;
  readonly is: string;
}

/** What is missing, with the reason of the first missing object. */
export interface Missing {
  readonly reason: "MissingCredentialsSecret" | "MissingConfigMap" | "VolumeNotFound";
  /** One sentence that names every missing object and key, and the namespace. */
  readonly message: string;
}

/** What a repository needs: Secrets first, each once with all its keys. */
export function repositoryNeeds(spec: RepositorySpec): readonly Need[] {
  const { filesystem, s3 } = spec.backend;
  const keysBySecret = new Map<string, string[]>();
  addKeys(keysBySecret, spec.encryption.passwordSecretRef.name, [spec.encryption.passwordSecretRef.key]);
  if (s3 !== undefined) {
    addKeys(keysBySecret, s3.auth.secretRef.name, [MOVER_ENV.awsAccessKeyId, MOVER_ENV.awsSecretAccessKey]);
    if (s3.proxy?.secretRef !== undefined) addKeys(keysBySecret, s3.proxy.secretRef.name, [proxyKey(spec)]);
  }
  const needs: Need[] = [...keysBySecret].map(([name, keys]) => ({ kind: "secret", name, keys }));
  const bundle = s3?.tls?.caBundleRef;
  if (bundle !== undefined) needs.push({ kind: "configMap", name: bundle.configMapName, keys: [bundle.key] });
  if (filesystem !== undefined) needs.push({ kind: "volumeClaim", name: filesystem.volume.pvc.name });
  return needs;
}

/** The key that a Secret with a proxy must have: the proxy for the scheme of the storage. */
export function proxyKey({ backend }: RepositorySpec): string {
  return backend.s3?.tls?.disableTls === true ? MOVER_ENV.httpProxy : MOVER_ENV.httpsProxy;
}

/**
 * Reads the objects of all needs: Secrets and ConfigMaps live and by name, of which only the names of the keys
 * are kept; volumes from the cache. Throws the classes of `kube/errors.ts`.
 */
export async function observeNeeds(
  needs: readonly Need[],
  namespace: string,
  reader: Reader,
  signal: AbortSignal,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const need of needs) {
    const key = { namespace, name: need.name };
    const object = need.kind === "volumeClaim"
      ? reader.get(VOLUME_CLAIM, key)
      : await reader.read(need.kind === "secret" ? SECRET : CONFIG_MAP, key, signal);
    found.push(foundOf(need, object));
  }
  return found;
}

/** The result for one need and its object; the pure part of {@link observeNeeds}. */
export function foundOf(need: Need, object: KubeObject | undefined): Found {
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return { need };
  const { uid = "", resourceVersion = "" } = object.metadata;
  // A volume's resourceVersion changes with its status, so only its uid counts.
  const version = need.kind === "volumeClaim" ? uid : `${uid}/${resourceVersion}`;
  if (need.kind === "volumeClaim") return { need, present: { version, keys: [], flaws: [] } };
  const { data = {}, binaryData = {} } = need.kind === "secret"
    ? { data: builtin(object, "Secret").data }
    : builtin(object, "ConfigMap");
  const entries = [data, binaryData].map((each) =>
    Object.entries(each).toSorted(([a], [b]) => a < b ? -1 : 1)
  );
  const content = shortHash(JSON.stringify(entries), 64);
  const keys = entries.flat().filter(([, value]) => value !== "").map(([key]) => key);
  const flaws = need.kind === "secret"
    ? keys.flatMap((key) => need.keys.includes(key) ? flawOf(key, data[key] ?? "") : [])
    : [];
  return { need, present: { version, content, keys, flaws } };
}

const s3Keys: readonly string[] = [MOVER_ENV.awsAccessKeyId, MOVER_ENV.awsSecretAccessKey];

/** Why the value of a key cannot be used; without a word of the value itself. */
function flawOf(key: string, base64: string): readonly Flaw[] {
  const bytes = Uint8Array.fromBase64(base64);
  const text = utf8TextOf(bytes);
  if (text === undefined || text.includes("\0")) {
    return [{ key, is: "holds bytes that are no UTF-8 text, as a file in UTF-16 does," }];
  }
  if (/^[\s\u0085]*$/.test(text)) return [{ key, is: "holds white space alone" }];
  return s3Keys.includes(key) && /\p{Cc}/u.test(text.trim())
    ? [{ key, is: "holds a line break or another control character" }]
    : [];
}

function utf8TextOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** What is missing; undefined when every need is met. */
export function firstMissing(found: readonly Found[], namespace: string): Missing | undefined {
  const lacks = found.flatMap((each) => lackOf(each, namespace));
  const [first] = lacks;
  if (first === undefined) return undefined;
  return {
    reason: first.reason,
    message: `Cannot open the repository: ${lacks.map(({ message }) => message).join("; ")}`,
  };
}

/** Changes when a Secret or ConfigMap changes, or any object is replaced. Contains only names and versions. */
export function credentialVersion(found: readonly Found[]): string {
  return found.map(({ need, present }) => `${need.kind}/${need.name}=${present?.version ?? "missing"}`).join(
    ",",
  );
}

/** The index value for repositories that need an object of this kind and name. */
export function needIndexValue(kind: Need["kind"], name: string): string {
  return `${kind}/${name}`;
}

function addKeys(keysBySecret: Map<string, string[]>, name: string, keys: readonly string[]): void {
  const known = keysBySecret.get(name) ?? [];
  keysBySecret.set(name, [...known, ...keys.filter((key) => !known.includes(key))]);
}

function lackOf({ need, present }: Found, namespace: string): readonly Missing[] {
  switch (need.kind) {
    case "secret":
      return lackOfKeys("MissingCredentialsSecret", "Secret", need, present, namespace);
    case "configMap":
      return lackOfKeys("MissingConfigMap", "ConfigMap", need, present, namespace);
    case "volumeClaim": {
      if (present !== undefined) return [];
      const message = `PersistentVolumeClaim "${need.name}" does not exist in namespace "${namespace}"`;
      return [{ reason: "VolumeNotFound", message }];
    }
  }
}

function lackOfKeys(
  reason: Missing["reason"],
  kind: string,
  need: { readonly name: string; readonly keys: readonly string[] },
  present: Found["present"],
  namespace: string,
): readonly Missing[] {
  const says = (is: string) => ({
    reason,
    message: `${kind} "${need.name}" in namespace "${namespace}" ${is}`,
  });
  const flaws = present?.flaws ?? [];
  const flawed = flaws.map(({ key, is }) => says(`${is} under the key "${key}", expected one line of text`));
  const wanted = need.keys.filter((key) => present?.keys.includes(key) !== true);
  if (wanted.length === 0) return flawed;
  const named = wanted.map((key) => `"${key}"`).join(" and ");
  const lack = says(
    present === undefined
      ? `does not exist, expected it with the key ${named}`
      : `is there, expected it to have a value under the key ${named}`,
  );
  return [lack, ...flawed];
}

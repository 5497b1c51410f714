import { isDeepStrictEqual } from "node:util";
import type { KubeObject, ObjectKey, Resource } from "../../kube/types.ts";
import { keyText } from "../../kube/types.ts";
import { FakeKube, refusal } from "../../tests/support/mod.ts";
import type { Host } from "../host.ts";
import type { PluginApi } from "./api.ts";
import type { PluginSession } from "./session.ts";

/** Called before each request, to throw or to change objects. */
export type Before = (verb: "list" | "read" | "create" | "patch", resource: Resource, name: string) => void;

/** An API server in memory, as the plugin sees it. */
export class FakePluginApi implements PluginApi {
  readonly kube = new FakeKube();
  /** Writes that were carried out, as `patch BackupSchedule apps/x`. */
  readonly writes: string[] = [];
  readonly #before: Before;

  constructor(objects: readonly KubeObject[] = [], before: Before = () => {}) {
    this.#before = before;
    if (objects.length > 0) this.kube.put(...objects);
  }

  list(
    resource: Resource,
    { namespace }: { readonly namespace: string },
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]> {
    return this.#answer(signal, () => {
      this.#before("list", resource, "");
      return this.kube.list(resource, namespace === "" ? {} : { namespace });
    });
  }

  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.#answer(signal, () => {
      this.#before("read", resource, key.name);
      return this.kube.get(resource, key);
    });
  }

  create(resource: Resource, object: KubeObject, signal: AbortSignal): Promise<void> {
    return this.#answer(signal, () => {
      const { name, namespace = "" } = object.metadata;
      this.#before("create", resource, name);
      if (this.kube.get(resource, { namespace, name }) !== undefined) {
        throw refusal(409, `Cannot create ${name}: it exists already`);
      }
      this.kube.put(object);
      this.writes.push(`create ${resource.kind} ${namespace}/${name}`);
    });
  }

  patch(resource: Resource, key: ObjectKey, patch: unknown, signal: AbortSignal): Promise<void> {
    return this.#answer(signal, () => {
      this.#before("patch", resource, key.name);
      const current = this.kube.get(resource, key);
      if (current === undefined) throw refusal(404, `Cannot patch ${key.name}: it does not exist`);
      const wanted = mergePatch({}, patch) as Partial<KubeObject>;
      for (const field of ["uid", "resourceVersion"] as const) {
        const given = wanted.metadata?.[field];
        if (given !== undefined && given !== current.metadata[field]) {
          throw refusal(409, `Cannot patch ${key.name}: its ${field} is another one`);
        }
      }
      const merged = mergePatch(current, patch) as KubeObject;
      if (!isDeepStrictEqual(merged, current)) this.kube.put(merged);
      const { deletionTimestamp, finalizers = [] } = merged.metadata;
      const hadSome = (current.metadata.finalizers ?? []).length > 0;
      if (deletionTimestamp !== undefined && hadSome && finalizers.length === 0) this.kube.delete(merged);
      this.writes.push(`patch ${resource.kind} ${keyText(key)}`);
    });
  }

  async #answer<T>(signal: AbortSignal, work: () => T): Promise<T> {
    await Promise.resolve();
    signal.throwIfAborted();
    return work();
  }
}

/** A session over it. */
export function fakeSession(api: PluginApi, namespace = "apps"): PluginSession {
  return { api, namespace, stop: new AbortController().signal };
}

/** A host that records its output; `typed` is the answer of a person at a terminal. */
export function fakeHost(typed?: string): Host & { readonly printed: { out: string; error: string } } {
  const printed = { out: "", error: "" };
  const isTerminal = typed !== undefined;
  return {
    printed,
    args: [],
    calledAs: "kubectl-kopiur",
    env: {},
    stdin: { isTerminal, readLine: () => Promise.resolve(typed) },
    stdout: { isTerminal: false, write: (text) => void (printed.out += text) },
    stderr: { isTerminal, write: (text) => void (printed.error += text) },
  };
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

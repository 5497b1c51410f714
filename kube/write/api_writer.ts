import { isDeepStrictEqual } from "node:util";
import { TransientError } from "../../api/errors.ts";
import { FIELD_MANAGER } from "../../api/meta.ts";
import { answerOf, isConflict, isNotFound } from "../errors.ts";
import { madeBefore } from "./made_before.ts";
import { receivedObject } from "../received_object.ts";
import { apiVersionOf, resourceId } from "../resources.ts";
import type { ApiRequest, Transport } from "../transport/transport.ts";
import {
  type Annotating,
  type DesiredObject,
  keyOf,
  keyText,
  type KubeObject,
  type ObjectKey,
  type Removal,
  type Resource,
  type Writer,
} from "../types.ts";

/** The settings of a writer. */
export interface WriterOptions {
  readonly transport: Transport;
  /** The resources that may be written. */
  readonly resources: readonly Resource[];
  /** Unknown fields: `Warn` logs and drops them, `Strict` refuses them. */
  readonly fieldValidation: "Warn" | "Strict";
}

/** Writes to the API server. Never writes what is already as wanted, and never over a version it has not seen. */
export class ApiWriter implements Writer {
  readonly #transport: Transport;
  readonly #resources: ReadonlyMap<string, Resource>;
  readonly #query: Readonly<Record<string, string>>;

  constructor(options: WriterOptions) {
    this.#transport = options.transport;
    this.#resources = new Map(options.resources.map((each) => [`${each.group}/${each.kind}`, each]));
    this.#query = { fieldManager: FIELD_MANAGER, fieldValidation: options.fieldValidation };
  }

  async create(object: DesiredObject, signal: AbortSignal): Promise<KubeObject> {
    const resource = this.#resourceOf(object);
    const key = keyOf(object);
    try {
      return await this.#write(
        { verb: "create", resource, target: { key }, query: this.#query, body: object, metadataOnly: true },
        signal,
      );
    } catch (error) {
      if (answerOf(error)?.reason !== "AlreadyExists") throw error;
      const answer = await this.#transport.send(
        { verb: "get", resource, target: { key }, metadataOnly: true },
        signal,
      ).catch((cause) => {
        // It was deleted in between: a conflict, so the next pass creates it.
        throw isNotFound(cause) ? error : cause;
      });
      const found = receivedObject(answer, resource);
      if (found === undefined) throw error;
      return madeBefore(object, found);
    }
  }

  async remove(removal: Removal, signal: AbortSignal): Promise<void> {
    const { resource, key, uid, propagation } = removal;
    try {
      await this.#transport.send({
        verb: "delete",
        resource,
        target: { key },
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          propagationPolicy: propagation,
          ...preconditionsOf(removal),
        },
      }, signal);
    } catch (error) {
      if (isNotFound(error)) return;
      if (uid === undefined || !isConflict(error) || await this.#hasUid(resource, key, uid, signal)) {
        throw error;
      }
    }
  }

  async annotate(annotating: Annotating, signal: AbortSignal): Promise<string | undefined> {
    const { resource, key, uid, annotations } = annotating;
    try {
      const stored = await this.#write({
        verb: "patch",
        resource,
        target: { key },
        query: this.#query,
        body: { metadata: { ...seenVersion(annotating), annotations } },
        metadataOnly: true,
      }, signal);
      return stored.metadata.resourceVersion;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      // Some server versions answer another uid with a conflict, others with an invalid change.
      const mayBeAnother = isConflict(error) || answerOf(error)?.code === 422;
      if (!mayBeAnother || await this.#hasUid(resource, key, uid, signal)) throw error;
      return undefined;
    }
  }

  async replaceStatus(
    object: KubeObject,
    status: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const wanted = asOnTheWire(status);
    if (isDeepStrictEqual(asOnTheWire(object.status ?? {}), wanted)) return false;
    const key = keyOf(object);
    // A PUT replaces the whole status. The server ignores the rest of the object
    // at /status; uid and resourceVersion make it refuse when the object is not the one we saw.
    await this.#changeKnown({
      verb: "update",
      resource: this.#resourceOf(object),
      target: { key, subresource: "status" },
      query: this.#query,
      metadataOnly: true,
      body: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        metadata: { name: key.name, ...namespaceOf(key), ...versionOf(object) },
        status: wanted,
      },
    }, signal);
    return true;
  }

  async setFinalizer(
    object: KubeObject,
    finalizer: string,
    wanted: "present" | "absent",
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const { finalizers = [] } = object.metadata;
    if (finalizers.includes(finalizer) === (wanted === "present")) return object;
    const changed = wanted === "present"
      ? [...finalizers, finalizer]
      : finalizers.filter((each) => each !== finalizer);
    return await this.#changeKnown({
      verb: "patch",
      resource: this.#resourceOf(object),
      target: { key: keyOf(object) },
      query: this.#query,
      body: { metadata: { finalizers: changed, ...versionOf(object) } },
    }, signal);
  }

  /** Reads the object, as the texts of a conflict differ between server versions. */
  async #hasUid(resource: Resource, key: ObjectKey, uid: string, signal: AbortSignal): Promise<boolean> {
    try {
      const answer = await this.#transport.send({ verb: "get", resource, target: { key } }, signal);
      return receivedObject(answer, resource)?.metadata.uid === uid;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** Changes an object that was seen; when it is gone, that is a conflict, so the caller looks again. */
  async #changeKnown(request: ApiRequest, signal: AbortSignal): Promise<KubeObject> {
    try {
      return await this.#write(request, signal);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      throw new TransientError("Conflict", error instanceof Error ? error.message : String(error), {
        cause: answerOf(error),
      });
    }
  }

  async #write(request: ApiRequest, signal: AbortSignal): Promise<KubeObject> {
    const object = receivedObject(await this.#transport.send(request, signal), request.resource);
    if (object !== undefined) return object;
    throw new TransientError(
      "KubeApiError",
      `Cannot ${request.verb} ${request.resource.kind}: the answer is no object, expected the object as stored`,
    );
  }

  #resourceOf(object: { readonly apiVersion: string; readonly kind: string }): Resource {
    const { apiVersion, kind } = object;
    const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
    const resource = this.#resources.get(`${group}/${kind}`);
    if (resource !== undefined && apiVersionOf(resource) === apiVersion) return resource;
    const known = [...this.#resources.values()].map(resourceId).join(", ");
    throw new TypeError(`Cannot write ${kind} of "${apiVersion}": it is not known, expected one of ${known}`);
  }
}

function namespaceOf(key: ObjectKey): { readonly namespace?: string } {
  return key.namespace === "" ? {} : { namespace: key.namespace };
}

/** The preconditions of a patch or deletion: the uid, and the resourceVersion if one is given. */
function seenVersion(
  { uid, resourceVersion }: Pick<Removal, "uid" | "resourceVersion">,
): Pick<Removal, "uid" | "resourceVersion"> {
  // The server reads an empty version as none, and would then write over any change.
  if (resourceVersion === "") {
    throw new TypeError("Cannot write to an object as it was seen: its resourceVersion is empty");
  }
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function preconditionsOf(removal: Removal): { readonly preconditions?: ReturnType<typeof seenVersion> } {
  const preconditions = seenVersion(removal);
  return Object.keys(preconditions).length === 0 ? {} : { preconditions };
}

/** Makes the server refuse with a conflict when the object changed or is another incarnation. */
function versionOf(object: KubeObject): { readonly uid: string; readonly resourceVersion: string } {
  const { uid, resourceVersion } = object.metadata;
  if (uid !== undefined && resourceVersion !== undefined) return { uid, resourceVersion };
  throw new TypeError(
    `Cannot change ${object.kind} ${
      keyText(keyOf(object))
    }: it has no uid or resourceVersion, expected an object as read`,
  );
}

/** A copy as JSON has it: without undefined fields. */
function asOnTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

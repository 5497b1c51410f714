import type { Made } from "../builtins.ts";
import { microTime } from "../clock.ts";
import { isRecord } from "../received_object.ts";
import type { ObjectKey, ObjectMeta } from "../types.ts";

type LeaseSpec = NonNullable<Made<"Lease">["spec"]>;

/** A lease to write, with the version that was seen. */
export type LeaseObject = Omit<Made<"Lease">, "metadata"> & { readonly metadata: ObjectMeta };

/** A lease as candidates read it (coordination.k8s.io/v1). */
export interface Lease {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Empty when it was released. */
  readonly holder: string;
  readonly durationSeconds: number;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly transitions: number;
}

/** Who wants to hold a lease, and for how long. */
export interface Claim {
  readonly key: ObjectKey;
  readonly holder: string;
  readonly durationSeconds: number;
}

/** Parses a lease; undefined for anything else. A lease whose fields are not set is free. */
export function parseLease(object: unknown): Lease | undefined {
  if (!isRecord(object) || !isRecord(object.metadata)) return undefined;
  const { uid, resourceVersion } = object.metadata;
  if (typeof uid !== "string" || typeof resourceVersion !== "string") return undefined;
  const spec: Partial<Record<keyof LeaseSpec, unknown>> = isRecord(object.spec) ? object.spec : {};
  return {
    uid,
    resourceVersion,
    holder: typeof spec.holderIdentity === "string" ? spec.holderIdentity : "",
    durationSeconds: typeof spec.leaseDurationSeconds === "number" ? spec.leaseDurationSeconds : 0,
    acquireTime: typeof spec.acquireTime === "string" ? spec.acquireTime : "",
    renewTime: typeof spec.renewTime === "string" ? spec.renewTime : "",
    transitions: typeof spec.leaseTransitions === "number" ? spec.leaseTransitions : 0,
  };
}

/** The lease as the claimant wants it; `before` is undefined when there is none yet. */
export function claimedLease(claim: Claim, before: Lease | undefined, epochMs: number): LeaseObject {
  const now = microTime(epochMs);
  const isRenewal = before?.holder === claim.holder;
  return leaseObject(claim.key, before, {
    holderIdentity: claim.holder,
    leaseDurationSeconds: claim.durationSeconds,
    acquireTime: isRenewal && before.acquireTime !== "" ? before.acquireTime : now,
    renewTime: now,
    leaseTransitions: before === undefined ? 0 : before.transitions + (isRenewal ? 0 : 1),
  });
}

/** The lease without a holder, which the next candidate can take at once. */
export function releasedLease(key: ObjectKey, before: Lease, epochMs: number): LeaseObject {
  const now = microTime(epochMs);
  return leaseObject(key, before, {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    acquireTime: now,
    renewTime: now,
    leaseTransitions: before.transitions,
  });
}

function leaseObject(key: ObjectKey, before: Lease | undefined, spec: LeaseSpec): LeaseObject {
  const version = before === undefined ? {} : { uid: before.uid, resourceVersion: before.resourceVersion };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: key.name, namespace: key.namespace, ...version },
    spec,
  };
}

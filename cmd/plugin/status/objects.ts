import * as z from "zod";
import { findCondition } from "../../../api/conditions.ts";
import type { KIND_NAMES } from "../../../api/kind_names.ts";
import type { Condition } from "../../../api/kinds/shared_types.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { byName } from "../text.ts";

/** All objects of a kind, or that the user may not list them. */
export type Listing =
  | { readonly kind: "listed"; readonly objects: readonly KubeObject[] }
  | { readonly kind: "forbidden" };

/** What `status` reads. */
export interface Listings {
  readonly repositories: Listing;
  readonly configs: Listing;
  readonly schedules: Listing;
  readonly backups: Listing;
  /** PersistentVolumeClaims: their metadata, and whether they are raw devices. */
  readonly claims: Listing;
  /** Namespaces, metadata only. */
  readonly namespaces: Listing;
}

/** An object with its parsed status, or the mark that this release cannot read it. */
export interface Seen<S> {
  readonly kind: typeof KIND_NAMES[keyof typeof KIND_NAMES]["kind"];
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly status: S | undefined;
  readonly ready: Condition | undefined;
  readonly stalled: Condition | undefined;
  readonly unreadable: boolean;
}

/** An object that waits, and why. */
export interface WaitingRow {
  readonly kind: Seen<unknown>["kind"];
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  readonly since?: string;
}

interface AnyStatus {
  readonly conditions?: readonly Condition[] | undefined;
}

/** An object that is not ready counts as unhealthy after this time. */
export const GRACE_SECONDS = 15 * 60;

/** The objects of a listing, ordered by namespace and name, with their parsed status. */
export function readAll<S extends AnyStatus>(
  kind: Seen<S>["kind"],
  listing: Listing,
  schema: z.ZodType<S>,
): readonly Seen<S>[] {
  if (listing.kind === "forbidden") return [];
  return listing.objects.map((object) => {
    const { name, namespace = "" } = object.metadata;
    const parsed = schema.optional().safeParse(object["status"]);
    const status = parsed.success ? parsed.data : undefined;
    const ready = findCondition(status?.conditions, "Ready");
    const stalled = findCondition(status?.conditions, "Stalled");
    return { kind, object, namespace, name, status, ready, stalled, unreadable: !parsed.success };
  }).sort(byName);
}

/** True for a status of another release. */
export function isUnreadable(seen: Seen<unknown>): boolean {
  return seen.unreadable;
}

/** True when it waits for nothing; also for a status that cannot be read. */
export function isReady(seen: Seen<unknown>): boolean {
  return seen.unreadable || seen.ready?.status === "True";
}

/** True at once when it is stalled or Ready is False; when Ready is Unknown, after GRACE_SECONDS. */
export function needsAttention(seen: Seen<unknown>, now: Date): boolean {
  if (seen.stalled?.status === "True" || seen.ready?.status === "False") return true;
  const since = Date.parse(describeWait(seen).since ?? "");
  return now.getTime() - since > GRACE_SECONDS * 1000;
}

/** Why an object waits, and since when. */
export function describeWait(seen: Seen<unknown>): WaitingRow {
  const { kind, namespace, name, ready, stalled, object } = seen;
  const why = seen.unreadable
    ? { reason: "Unreadable", message: "Its status is of a form this version of kopiur does not know" }
    : stalled?.status === "True"
    ? stalled
    : ready ?? { reason: "NotObserved", message: "No controller has looked at it yet" };
  const since = ready?.lastTransitionTime ?? object.metadata.creationTimestamp;
  const row = { kind, namespace, name, reason: why.reason, message: why.message };
  return since === undefined ? row : { ...row, since };
}

type Present<T> =
  & {
    [K in keyof T as undefined extends T[K] ? never : K]: T[K];
  }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Drops the fields whose value is undefined, so that YAML and JSON leave them out alike. */
export function withoutAbsent<T extends object>(row: T): Present<T> {
  const entries = Object.entries(row).filter(([, value]) => value !== undefined);
  // Exactly the fields whose value is undefined were dropped.
  return Object.fromEntries(entries) as Present<T>;
}

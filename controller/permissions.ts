import type { Resource } from "../kube/types.ts";
import type { AnyKind, Grant } from "./runtime/mod.ts";

/** What the controller may do with a resource; `resource` is plural, with `/status` or `/log` for a subresource. */
export interface Permission {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}

const read = ["get", "list", "watch"] as const;
/** Both groups: the API server converts between them, and some clusters authorise only the old one. */
const events: readonly Permission[] = ["", "events.k8s.io"].map((group) => ({
  group,
  resource: "events",
  verbs: ["create", "patch"],
}));

/**
 * The permissions of kinds in every namespace, from their declarations; several entries may be about one resource. The
 * lease is not among them: it is in one namespace.
 */
export function permissionsOf(kinds: readonly AnyKind[]): readonly Permission[] {
  return [...kinds.flatMap(permissionsOfKind), ...events];
}

function permissionsOfKind({ resource, watches, writes }: AnyKind): readonly Permission[] {
  return [
    permission(resource, read),
    { ...permission(resource, ["update"]), resource: `${resource.plural}/status` },
    ...watches.map((watch) => permission(watch.resource, read)),
    ...writes.map(permissionOfGrant),
  ];
}

function permissionOfGrant({ resource, subresource, verbs }: Grant): Permission {
  const whole = permission(resource, verbs);
  return subresource === undefined ? whole : { ...whole, resource: `${whole.resource}/${subresource}` };
}

function permission({ group, plural }: Resource, verbs: readonly string[]): Permission {
  return { group, resource: plural, verbs };
}

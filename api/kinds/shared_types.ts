import * as z from "zod";
import { ofForm } from "../cel.ts";
import { CACHE_CAPACITY_DEFAULT } from "../mover/cache_sizes.ts";
import { objectName } from "../words.ts";

const dataKey = ofForm(
  z.string().min(1).max(253),
  /^[-._a-zA-Z0-9]+$/,
  'expected a key of a Secret or ConfigMap: letters, digits, "-", "_" and "."',
);

/** Secret key in the namespace of the object that names it. */
export const secretKeyRef = z.object({
  name: objectName.describe("Name of the Secret, in the namespace of this object."),
  key: dataKey.default("KOPIA_PASSWORD").describe(
    "Key inside the Secret.",
  ),
});

/** Secret in the namespace of the object that names it. */
export const secretRef = z.object({
  name: objectName.describe("Name of the Secret, in the namespace of this object."),
});

/** Key of a ConfigMap in the namespace of the object that names it. */
export const configMapKeyRef = z.object({
  configMapName: objectName.describe("Name of the ConfigMap, in the namespace of this object."),
  key: dataKey.default("ca.crt").describe(
    "Key inside the ConfigMap.",
  ),
});

/** Kopia identity: the `user@host` half of a source. */
export const identity = z.object({
  username: z.string().describe("User half of the kopia identity."),
  hostname: z.string().describe("Host half of the kopia identity."),
});
export type Identity = z.infer<typeof identity>;

/** Which snapshots a listing shows of those that were saved about the same time. */
export const recentSnapshots = z.object({
  since: z.iso.datetime().describe("Those that ended before are all in the listing."),
  ids: z.array(z.string().max(12)).max(4096).describe("Beginnings of the ids of the later ones."),
}).describe("Which of the newest snapshots the listing shows: others were being saved meanwhile.");

/** The metav1.Condition of Kubernetes. */
export const condition = z.object({
  type: z.string().max(316).describe("Condition type, CamelCase."),
  status: z.enum(["True", "False", "Unknown"]).describe("Whether the condition is true."),
  reason: z.string().max(1024).describe("One CamelCase word from the closed list of reasons."),
  message: z.string().max(32768).describe("One sentence for people."),
  lastTransitionTime: z.iso.datetime().describe("When status last changed."),
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec this speaks of."),
});
export type Condition = z.infer<typeof condition>;

/** Conditions, merged by type. */
export const conditions = z.array(condition).max(32).optional().meta({
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
}).describe("Conditions for programs: Ready, Reconciling, Stalled and the specific ones of the kind.");

const quantity = ofForm(
  z.string().max(64),
  /^[0-9]+(\.[0-9]+)?([eE][0-9]+|[numkKMGTPE]i?)?$/,
  "expected an amount as Kubernetes writes it, such as 500m, 2Gi or 1.5G (no blank, and no B at the end)",
);
const amounts = z.record(z.string(), quantity).meta({ maxProperties: 16 });

/** Pod-level choices for mover Jobs; everything not set is the hardened default. */
export const moverSpec = z.object({
  resources: z.object({
    requests: amounts.optional().describe("Guaranteed amounts by resource name."),
    limits: amounts.optional().describe("Upper bounds by resource name."),
  }).optional().describe("Resource requests and limits of the mover container."),
  securityContext: z.enum(["Fixed", "Namespace"]).optional().describe(
    "Who chooses the user and the groups of the mover where the fields below do not. Fixed (default): 65532. Namespace: they are left out of the pod, for an admission plugin that refuses any outside the namespace's range, as on OpenShift.",
  ),
  runAsUser: z.int().min(1).max(2147483647).optional().describe(
    "Numeric user of the mover; pick the owner of the files. Default 65532. Use one user for all movers of a filesystem repository.",
  ),
  runAsGroup: z.int().min(1).max(2147483647).optional().describe(
    "Numeric group of the mover. Default 65532.",
  ),
  fsGroup: z.int().min(1).max(2147483647).optional().describe(
    "Group that owns the mounted volumes which support it. Default 65532.",
  ),
  supplementalGroups: z.array(z.int().min(1).max(2147483647)).max(32).optional().describe(
    "Further groups of the mover process.",
  ),
  privilegedMode: z.boolean().optional().describe(
    'Run as root with the capability to read any file. Needs the annotation kopiur.home-operations.com/privileged-movers: "true" on the namespace.',
  ),
  nodeSelector: z.record(z.string(), z.string()).optional().describe(
    "Labels a node must have to run the mover.",
  ),
  tolerations: z.array(z.object({
    key: z.string().optional().describe("Taint key; empty with operator Exists matches all."),
    operator: z.enum(["Exists", "Equal"]).optional().describe("How key and value are compared."),
    value: z.string().optional().describe("Taint value for operator Equal."),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional().describe(
      "Taint effect; empty matches all.",
    ),
    tolerationSeconds: z.int().min(0).optional().describe("How long NoExecute is tolerated."),
  })).max(32).optional().describe("Taints the mover tolerates."),
  cache: z.object({
    capacity: quantity.optional().describe(
      `Size limit of the ephemeral kopia cache volume. Default: ${CACHE_CAPACITY_DEFAULT}, or as much as the sizes below need. The two caches below get half of it at most.`,
    ),
    metadataCacheSizeMb: z.int().min(1).max(1048576).optional().describe(
      "Kopia metadata cache limit in MiB. Default: what fits into the capacity.",
    ),
    contentCacheSizeMb: z.int().min(1).max(1048576).optional().describe(
      "Kopia content cache limit in MiB. Default: what fits into the capacity.",
    ),
  }).optional().describe("Kopia cache of the mover."),
});
export type MoverSpec = z.infer<typeof moverSpec>;

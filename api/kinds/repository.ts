import * as z from "zod";
import { cel, exactlyOneOf, matches, ofForm } from "../cel.ts";
import type { KindDefinition } from "./definition.ts";
import { KIND_NAMES } from "../kind_names.ts";
import { DURATION_PATTERN, DURATION_TEXT } from "../duration.ts";
import { moverMemory } from "../mover/memory.ts";
import {
  conditions,
  configMapKeyRef,
  moverSpec,
  recentSnapshots,
  secretKeyRef,
  secretRef,
} from "./shared_types.ts";
import { objectName } from "../words.ts";

const algorithm = ofForm(
  z.string().max(64),
  /^[A-Z0-9-]+$/,
  "expected the name of an algorithm as kopia writes it, such as AES256-GCM-HMAC-SHA256",
);

function durationOfAtLeast(seconds: number, field: string): z.ZodString {
  const isDuration = matches(DURATION_PATTERN);
  return z.string().max(32).regex(new RegExp(DURATION_PATTERN), DURATION_TEXT).meta(cel(
    { rule: isDuration, message: DURATION_TEXT },
    {
      rule:
        `!${isDuration} || (self.matches('^[0-9]+$') ? int(self) >= ${seconds} : duration(self) >= duration('${seconds}s'))`,
      message: `${field} must be at least ${seconds}s`,
    },
  ));
}

const filesystem = z.object({
  path: ofForm(
    z.string().max(512),
    /^\/[^:\p{Cc}]*[^:/\p{Cc}]$/u,
    'expected an absolute path without ":" and without "/" at its end, such as /repository',
  ).default("/repository").describe(
    "Absolute path at which the volume is mounted in movers; the repository is its root.",
  ),
  volume: z.object({
    pvc: z.object({ name: objectName.describe("Name of the PersistentVolumeClaim.") }).describe(
      "A PersistentVolumeClaim in the namespace of the Repository.",
    ),
  }).describe("The volume of the repository."),
});

const proxyAddress = ofForm(
  z.string().max(512),
  /^(https?|socks5h?):[/][/][^@\s]+$/,
  "expected the address of a proxy as http://proxy.lan:3128; one with user and password belongs into a Secret (secretRef)",
);

const proxy = z.object({
  httpsProxy: proxyAddress.optional().describe(
    "Proxy on the way to an https endpoint, as http://proxy.lan:3128, without user and password.",
  ),
  httpProxy: proxyAddress.optional().describe("The same for an endpoint with tls.disableTls."),
  noProxy: ofForm(
    z.string().max(4096),
    /^[ -~]*$/,
    "expected one line with hosts, .domains, addresses and CIDRs, separated by commas",
  ).optional().describe(
    "Hosts, .domains, addresses and CIDRs that are reached directly, separated by commas; * is all.",
  ),
  secretRef: secretRef.optional().describe(
    "Secret with HTTPS_PROXY (HTTP_PROXY with tls.disableTls) and NO_PROXY, in place of the other fields: for a proxy with user and password.",
  ),
}).meta(cel({
  rule: "!has(self.secretRef) || !(has(self.httpsProxy) || has(self.httpProxy) || has(self.noProxy))",
  message: "expected secretRef or the other fields, not both",
}));

const s3 = z.object({
  bucket: ofForm(
    z.string().min(3).max(63),
    /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/,
    'expected the name of a bucket alone: lower case letters, digits, "." and "-"; no s3://, and a folder goes into prefix',
  ).describe("Bucket; it must exist."),
  prefix: z.string().max(512).optional().describe(
    "Key prefix inside the bucket, with its trailing slash if one is wanted.",
  ),
  endpoint: ofForm(
    z.string().min(1).max(253),
    /^[^/@\s]+$/,
    "expected host or host:port without a scheme and a path, such as s3.example.org:9000; for http:// set tls.disableTls",
  ).default("s3.amazonaws.com").describe(
    "host[:port] of the S3 service, without a scheme.",
  ),
  region: z.string().max(64).optional().describe("Region, where the service needs one."),
  auth: z.object({
    secretRef: secretRef.describe(
      "Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for temporary keys.",
    ),
  }).describe("Static keys."),
  tls: z.object({
    caBundleRef: configMapKeyRef.optional().describe("PEM bundle of a private certificate authority."),
    insecureSkipVerify: z.boolean().default(false).describe("Accept any server certificate."),
    disableTls: z.boolean().default(false).describe("Speak plain http."),
  }).optional().describe("Transport security; default: TLS verified against public authorities."),
  proxy: proxy.optional().describe(
    "Proxy on the way to the storage. Default: the one of the controller; when it is empty, none.",
  ),
});

/** What `spec.deletionBreaker` is where it, or a field of it, is not given. */
export const DELETION_BREAKER_DEFAULTS = { threshold: 10, window: "10m", keepLast: true } as const;

/** What `spec.catalog` is where it, or a field of it, is not given. */
export const CATALOG_DEFAULTS = { refreshInterval: "1h", discover: true, perIdentity: 50 } as const;

/** Spec of a Repository. */
export const repositorySpec = z.object({
  backend: z.object({
    filesystem: filesystem.optional().describe("A folder on a volume."),
    s3: s3.optional().describe("A bucket of an S3-compatible service."),
  }).meta(cel(exactlyOneOf("filesystem", "s3"))).describe("Where the repository lives: exactly one backend."),
  encryption: z.object({
    passwordSecretRef: secretKeyRef.describe("The repository password."),
  }).describe(
    "Kopia encrypts everything with a key derived from this password; without it nothing can be restored.",
  ),
  create: z.object({
    enabled: z.boolean().default(false).describe(
      "Create the repository when the storage has none. Never done after any other failure.",
    ),
    encryption: algorithm.optional().describe(
      "Kopia encryption algorithm of a new repository.",
    ),
    hash: algorithm.optional().describe(
      "Kopia block hash algorithm of a new repository.",
    ),
    splitter: algorithm.optional().describe(
      "Kopia object splitter of a new repository.",
    ),
  }).meta(cel(
    {
      rule: "!has(oldSelf.encryption) || (has(self.encryption) && self.encryption == oldSelf.encryption)",
      message: "encryption cannot be changed after creation",
    },
    {
      rule: "!has(oldSelf.hash) || (has(self.hash) && self.hash == oldSelf.hash)",
      message: "hash cannot be changed after creation",
    },
    {
      rule: "!has(oldSelf.splitter) || (has(self.splitter) && self.splitter == oldSelf.splitter)",
      message: "splitter cannot be changed after creation",
    },
  )).optional().describe("What to do when the storage has no repository."),
  catalog: z.object({
    refreshInterval: durationOfAtLeast(30, "refreshInterval").default(
      CATALOG_DEFAULTS.refreshInterval,
    ).describe(
      "How often the repository is opened and its snapshots are read, as 90s, 30m or 1h30m; at least 30s.",
    ),
    discover: z.boolean().default(CATALOG_DEFAULTS.discover).describe(
      "Make a discovered Backup for each snapshot without a Backup. False removes the existing ones; no snapshot is touched.",
    ),
    retain: z.object({
      perIdentity: z.int().min(0).max(5000).default(CATALOG_DEFAULTS.perIdentity).describe(
        "Discovered Backups kept for each user@host:path, the newest ones; 0 keeps none.",
      ),
      maxAgeDays: z.int().min(1).max(36500).optional().describe(
        "Snapshots that began longer ago get no discovered Backup.",
      ),
    }).optional().describe("Bounds of the discovered Backups; no snapshot is touched by them."),
  }).optional().describe("How the repository's snapshots are read."),
  deletionBreaker: z.object({
    threshold: z.int().min(0).max(100000).default(DELETION_BREAKER_DEFAULTS.threshold).describe(
      "When more Backups than this are deleted within the window, with their snapshots, the snapshots stay until a person confirms; 0 switches this count off.",
    ),
    window: durationOfAtLeast(10, "window").default(DELETION_BREAKER_DEFAULTS.window).describe(
      "The window in which deletions are counted together, as 90s or 10m; at least 10s.",
    ),
    keepLast: z.boolean().default(DELETION_BREAKER_DEFAULTS.keepLast).describe(
      "Also hold a deletion that would delete the newest whole snapshot of a source, or more than half of a recipe's Backups; false switches this part off.",
    ),
  }).optional().describe(
    "What stops mistaken deletions of Backups from destroying their snapshots; deletions by retention do not count.",
  ),
  maxConcurrentMovers: z.int().min(1).max(10000).optional().describe(
    "Movers that may have a slot for this repository at the same time, besides the one that opens it; default: no limit of its own.",
  ),
  mover: moverSpec.optional().describe(
    "Defaults for every mover of this repository; a BackupConfig's own mover fields win.",
  ),
});
export type RepositorySpec = z.infer<typeof repositorySpec>;

/** Phases of a Repository, for people. */
export const repositoryPhases = ["Pending", "Initializing", "Ready", "Degraded", "Failed"] as const;
export type RepositoryPhase = typeof repositoryPhases[number];

/** Status of a Repository. */
export const repositoryStatus = z.object({
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec this status speaks of."),
  phase: z.enum(repositoryPhases).optional().describe(
    "Pending: prerequisites missing. Initializing: first connect. Ready. Degraded: a retryable failure. Failed: a person must act.",
  ),
  backend: z.enum(["Filesystem", "S3"]).optional().describe("Kind of the backend."),
  uniqueId: z.string().optional().describe("Kopia's unique id of the repository, as hex."),
  storageStats: z.object({
    snapshotCount: z.int().min(0).describe("Snapshots in the repository."),
    totalSizeBytes: z.int().min(0).describe("Logical bytes: the newest snapshot of each source, added up."),
    lastObservedAt: z.iso.datetime().describe(
      "When the newest of what these numbers hold was seen or saved.",
    ),
    listing: z.object({
      observedAt: z.iso.datetime().describe("When it was begun."),
      snapshotCount: z.int().min(0).describe("Snapshots it shows."),
      totalSizeBytes: z.int().min(0).describe("Logical bytes, as above."),
      recent: recentSnapshots.optional(),
      added: z.array(z.object({
        id: z.string().describe("Beginning of its id."),
        source: z.string().describe("Its kopia source, as JSON."),
        startTime: z.iso.datetime().describe("Its start."),
        endTime: z.iso.datetime().describe("Its end."),
        sizeBytes: z.int().min(0).describe("Its logical size."),
        grownBytes: z.int().optional().describe("By how much the source grew. Absent: not known."),
      })).max(4096).optional().describe("Snapshots of Backups that it does not show. Absent: none."),
    }).optional().describe("The newest listing of the repository, by any mover: what the numbers stand on."),
    unreadableManifests: z.int().min(1).optional().describe(
      "Manifests in the repository that cannot be read, as another client or a later kopia may write them; they are passed over. Absent: none.",
    ),
    unfinished: z.object({
      snapshotCount: z.int().min(1).describe(
        "Unfinished snapshots: kopia may have written several of one upload.",
      ),
      sizeBytes: z.int().min(0).describe(
        "Logical bytes that these uploads had read; kopia does not report how much storage that takes.",
      ),
      oldestTime: z.iso.datetime().describe("When the first of these uploads was begun."),
    }).optional().describe(
      "What uploads left that were killed or cancelled, as the last reading found it; those that may go on are not counted. It keeps its data in the repository until the source's next snapshot, or until its Backup is deleted. Absent: nothing.",
    ),
  }).optional().describe("The repository when it was last read."),
  catalog: z.object({
    discoveredBackupCount: z.int().min(0).describe("Discovered Backups of this repository."),
    missingSnapshotCount: z.int().min(0).describe(
      "Snapshots that Backups of this Repository made or stand on and the last complete listing did not show.",
    ),
    lastRefreshAt: z.iso.datetime().describe("When the listing these numbers come from was read."),
    truncated: z.boolean().describe(
      "True when the repository has more snapshots than a listing has room for: none is reported as gone then.",
    ),
    refused: z.string().max(1024).optional().describe(
      "Why the API server refused a discovered Backup; the rest waits for the next listing. Absent when it took all.",
    ),
  }).optional().describe("What the last listing of the snapshots led to."),
  lastInit: z.object({
    status: z.enum(["Succeeded", "Failed"]).describe("How the last connect or create ended."),
    time: z.iso.datetime().describe("When it ended."),
    message: z.string().describe("What happened, in one sentence."),
    created: z.boolean().optional().describe("True when that run created the repository."),
  }).optional().describe("The last connect or create."),
  bootstrap: z.object({
    forGeneration: z.int().min(0).describe("Spec generation the last finished bootstrap ran for."),
    openedWith: z.string().max(64).optional().describe(
      "Hash of the spec without catalog, deletionBreaker and maxConcurrentMovers that it opened the repository with. While that is the same, an edit leaves the Repository Ready. Absent after a failure.",
    ),
    credentialVersion: z.string().describe("Versions of the Secrets and ConfigMaps it used."),
    runs: z.int().min(0).describe("Number of the Job whose end was written down last."),
    failures: z.int().min(0).describe("Failures in a row."),
    retryAt: z.iso.datetime().optional().describe("When a failed bootstrap is tried again."),
    changes: z.int().min(1).optional().describe(
      "Bootstraps in a row that changed credentials were the reason for and that ended like the one before.",
    ),
    job: moverMemory.optional().describe(
      "Its mover Jobs since the last one that ended. Absent where there is nothing to remember: the Job that is on its way says it all.",
    ),
    madeFrom: z.string().optional().describe(
      "Generation and image these are made from; the next one is made at once when that changes.",
    ),
    listing: z.enum(["Pending"]).optional().describe(
      "Pending until the snapshots this bootstrap listed were compared with the Backups there are.",
    ),
  }).optional().describe("What the controller remembers of the last bootstrap."),
  conditions,
});
export type RepositoryStatus = z.infer<typeof repositoryStatus>;

/** The Repository kind: where snapshots lie and how they are encrypted. */
export const repositoryKind: KindDefinition = {
  ...KIND_NAMES.repository,
  description: "A kopia repository: where it lives, how it is opened, and whether it can be used now.",
  spec: repositorySpec,
  status: repositoryStatus,
  columns: [
    { name: "Phase", type: "string", jsonPath: ".status.phase", description: "Phase" },
    { name: "Backend", type: "string", jsonPath: ".status.backend", description: "Backend" },
    {
      name: "Reason",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: "Why it is in that phase",
      priority: 1,
    },
    {
      name: "Snapshots",
      type: "integer",
      jsonPath: ".status.storageStats.snapshotCount",
      description: "Snapshots in the repository",
      priority: 1,
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Age" },
  ],
};

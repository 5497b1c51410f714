import assert from "node:assert/strict";
import { ALL_KINDS, API_VERSION, customResourceDefinition, GROUP, VERSION } from "../../api/mod.ts";
import { type ApiServer, ApiStatusError, startApiserver, waitUntil } from "../cluster/mod.ts";

interface Sample {
  readonly kind: string;
  readonly spec: unknown;
}

const password = { passwordSecretRef: { name: "password" } };
const filesystem = { filesystem: { volume: { pvc: { name: "repo" } } } };
const s3 = { s3: { bucket: "backups", auth: { secretRef: { name: "keys" } } } };

const discovered = {
  repository: { kind: "Repository", name: "home", uniqueId: "ab12" },
  snapshot: {
    id: "0123456789abcdef0123456789abcdef",
    identity: { username: "someone", hostname: "elsewhere" },
    sourcePath: "/data",
    startTime: "2026-01-01T00:00:00Z",
    endTime: "2026-01-01T00:01:00Z",
  },
};

const good: Readonly<Record<string, Sample>> = {
  "a filesystem repository": { kind: "Repository", spec: { backend: filesystem, encryption: password } },
  "an s3 repository with everything": {
    kind: "Repository",
    spec: {
      backend: {
        s3: {
          ...s3.s3,
          prefix: "a/",
          endpoint: "s3.example.org:9000",
          region: "eu",
          tls: { caBundleRef: { configMapName: "ca" } },
          proxy: { httpsProxy: "http://proxy.lan:3128", noProxy: ".svc,10.0.0.0/8" },
        },
      },
      encryption: { passwordSecretRef: { name: "password", key: "other" } },
      create: {
        enabled: true,
        encryption: "AES256-GCM-HMAC-SHA256",
        hash: "BLAKE2B-256-128",
        splitter: "DYNAMIC-4M-BUZHASH",
      },
      catalog: { refreshInterval: "1h30m", discover: true, retain: { perIdentity: 9, maxAgeDays: 400 } },
      deletionBreaker: { threshold: 100, window: "1h" },
      maxConcurrentMovers: 3,
      mover: {
        runAsUser: 1000,
        resources: { requests: { cpu: "100m", memory: "1.5Gi" } },
        cache: { capacity: "2Gi" },
      },
    },
  },
  "a config of two volumes": {
    kind: "BackupConfig",
    spec: {
      repository: { name: "home" },
      sources: [
        { pvc: { name: "a" } },
        { pvc: { name: "b" }, sourcePathOverride: "/data" },
        {
          pvcSelector: {
            matchLabels: { app: "db" },
            matchExpressions: [{ key: "tier", operator: "Exists" }],
          },
        },
        { pvcSelector: {}, sourcePathStrategy: "PvcNamespacedName" },
      ],
    },
  },
  "a config with retention and every knob of kopia": {
    kind: "BackupConfig",
    spec: {
      repository: { name: "home" },
      sources: [{ pvc: { name: "a" } }],
      retention: {
        keepLatest: 7,
        keepHourly: 24,
        keepDaily: 7,
        keepWeekly: 4,
        keepMonthly: 12,
        keepAnnual: 3,
      },
      policy: {
        compression: { compressor: "zstd-fastest", neverCompress: [".gz"] },
        splitter: "DYNAMIC-4M-BUZHASH",
        ignore: { paths: ["*.tmp"], cacheDirs: true, ignoreIdenticalSnapshots: true },
        upload: { parallelFiles: 4, limitMbPerSec: 50 },
        extraArgs: ["--fail-fast", "--force-hash=1.5"],
      },
    },
  },
  "a config that continues another client's history": {
    kind: "BackupConfig",
    spec: {
      repository: { name: "home" },
      identity: { username: "Admin User", hostname: "BÜRO-PC" },
      sources: [{ pvc: { name: "a" } }],
    },
  },
  "a config that keeps everything": {
    kind: "BackupConfig",
    spec: { repository: { name: "home" }, sources: [{ pvc: { name: "a" } }], retention: {} },
  },
  "a backup": { kind: "Backup", spec: { configRef: { name: "photos" } } },
  "a backup with words for kopia, pinned": {
    kind: "Backup",
    spec: {
      configRef: { name: "photos" },
      tags: { season: "autumn", "app.kubernetes.io/name": "x" },
      description: "before the upgrade: everything",
      pin: true,
    },
  },
  "a discovered backup": { kind: "Backup", spec: { discovered, deletionPolicy: "Retain" } },
  "a schedule": {
    kind: "BackupSchedule",
    spec: {
      configRef: { name: "photos" },
      schedule: { cron: "H H(0-5) * * mon-fri", timezone: "Europe/Berlin" },
    },
  },
};

const bad: Readonly<Record<string, { readonly sample: Sample; readonly says: RegExp }>> = {
  "no backend": {
    sample: { kind: "Repository", spec: { backend: {}, encryption: password } },
    says: /expected exactly one of filesystem, s3/,
  },
  "two backends": {
    sample: { kind: "Repository", spec: { backend: { ...filesystem, ...s3 }, encryption: password } },
    says: /expected exactly one of filesystem, s3/,
  },
  "no password": {
    sample: { kind: "Repository", spec: { backend: filesystem } },
    says: /spec\.encryption: Required value/,
  },
  "an endpoint with a scheme": {
    sample: {
      kind: "Repository",
      spec: { backend: { s3: { ...s3.s3, endpoint: "https://x" } }, encryption: password },
    },
    says: /spec\.backend\.s3\.endpoint: .*host:port without a scheme/,
  },
  "a proxy with a password in the open": {
    sample: {
      kind: "Repository",
      spec: {
        backend: { s3: { ...s3.s3, proxy: { httpsProxy: "http://me:p@proxy" } } },
        encryption: password,
      },
    },
    says: /spec\.backend\.s3\.proxy\.httpsProxy: .*one with user and password belongs into a Secret/,
  },
  "a proxy of two places": {
    sample: {
      kind: "Repository",
      spec: {
        backend: { s3: { ...s3.s3, proxy: { noProxy: "x", secretRef: { name: "proxy" } } } },
        encryption: password,
      },
    },
    says: /spec\.backend\.s3\.proxy: .*expected secretRef or the other fields, not both/,
  },
  "a bucket as a URL": {
    sample: {
      kind: "Repository",
      spec: { backend: { s3: { ...s3.s3, bucket: "s3://backups" } }, encryption: password },
    },
    says: /spec\.backend\.s3\.bucket: .*name of a bucket alone/,
  },
  "a Secret in upper case": {
    sample: {
      kind: "Repository",
      spec: { backend: filesystem, encryption: { passwordSecretRef: { name: "Password" } } },
    },
    says: /passwordSecretRef\.name: .*lower case letters/,
  },
  "an amount of memory with a unit of its own": {
    sample: {
      kind: "Repository",
      spec: {
        backend: filesystem,
        encryption: password,
        mover: { resources: { limits: { memory: "2 GB" } } },
      },
    },
    says: /limits\[memory\]: .*500m, 2Gi or 1\.5G/,
  },
  "a relative source path": {
    sample: {
      kind: "BackupConfig",
      spec: {
        repository: { name: "home" },
        sources: [{ pvc: { name: "a" }, sourcePathOverride: "rel/path" }],
      },
    },
    says: /sources\[0\]\.sourcePathOverride: .*absolute path/,
  },
  "a rule that puts back what others leave out": {
    sample: {
      kind: "BackupConfig",
      spec: {
        repository: { name: "home" },
        sources: [{ pvc: { name: "a" } }],
        policy: { ignore: { paths: ["!keep.me"] } },
      },
    },
    says: /ignore\.paths\[0\]: .*does not begin with "!"/,
  },
  "a relative path": {
    sample: {
      kind: "Repository",
      spec: { backend: { filesystem: { ...filesystem.filesystem, path: "repo" } }, encryption: password },
    },
    says: /spec\.backend\.filesystem\.path: .*absolute path/,
  },
  "a refresh interval below 30 s": {
    sample: {
      kind: "Repository",
      spec: { backend: filesystem, encryption: password, catalog: { refreshInterval: "5s" } },
    },
    says: /at least 30s/,
  },
  "a refresh interval of no minutes": {
    sample: {
      kind: "Repository",
      spec: { backend: filesystem, encryption: password, catalog: { refreshInterval: "0m" } },
    },
    says: /at least 30s/,
  },
  "a refresh interval that is no duration": {
    sample: {
      kind: "Repository",
      spec: { backend: filesystem, encryption: password, catalog: { refreshInterval: "soon" } },
    },
    says: /refreshInterval: .*such as 90s, 30m or 1h30m/,
  },
  "root without privilegedMode": {
    sample: {
      kind: "Repository",
      spec: { backend: filesystem, encryption: password, mover: { runAsUser: 0 } },
    },
    says: /runAsUser/,
  },
  "no source": {
    sample: { kind: "BackupConfig", spec: { repository: { name: "home" }, sources: [] } },
    says: /spec\.sources/,
  },
  "one volume twice": {
    sample: {
      kind: "BackupConfig",
      spec: { repository: { name: "home" }, sources: [{ pvc: { name: "a" } }, { pvc: { name: "a" } }] },
    },
    says: /may be named once/,
  },
  "a source that is neither named nor selected": {
    sample: { kind: "BackupConfig", spec: { repository: { name: "home" }, sources: [{}] } },
    says: /expected exactly one of pvc, pvcSelector/,
  },
  "an override of the path of many": {
    sample: {
      kind: "BackupConfig",
      spec: { repository: { name: "home" }, sources: [{ pvcSelector: {}, sourcePathOverride: "/x" }] },
    },
    says: /several claims cannot share one path/,
  },
  "a selector whose In has no values": {
    sample: {
      kind: "BackupConfig",
      spec: {
        repository: { name: "home" },
        sources: [{ pvcSelector: { matchExpressions: [{ key: "app", operator: "In" }] } }],
      },
    },
    says: /values are needed for In and NotIn/,
  },
  "an identity with an at sign": {
    sample: {
      kind: "BackupConfig",
      spec: {
        repository: { name: "home" },
        identity: { username: "a@b" },
        sources: [{ pvc: { name: "a" } }],
      },
    },
    says: /spec\.identity\.username: .*no "@", ":"/,
  },
  "an unknown deletion policy": {
    sample: { kind: "Backup", spec: { configRef: { name: "photos" }, deletionPolicy: "Keep" } },
    says: /deletionPolicy.*"Delete", "Retain", "Orphan"/,
  },
  "a backup of a recipe that is discovered as well": {
    sample: { kind: "Backup", spec: { configRef: { name: "photos" }, discovered } },
    says: /expected exactly one of configRef, discovered/,
  },
  "a backup of nothing": {
    sample: { kind: "Backup", spec: {} },
    says: /expected exactly one of configRef, discovered/,
  },
  "a discovered backup that deletes": {
    sample: { kind: "Backup", spec: { discovered, deletionPolicy: "Delete" } },
    says: /must be Retain/,
  },
  "a tag with a colon": {
    sample: { kind: "Backup", spec: { configRef: { name: "photos" }, tags: { "a:b": "c" } } },
    says: /spec\.tags/,
  },
  "a tag of our own": {
    sample: { kind: "Backup", spec: { configRef: { name: "photos" }, tags: { "kopiur-run": "c" } } },
    says: /spec\.tags/,
  },
  "a retention of less than nothing": {
    sample: {
      kind: "BackupConfig",
      spec: {
        repository: { name: "home" },
        sources: [{ pvc: { name: "a" } }],
        retention: { keepDaily: -1 },
      },
    },
    says: /spec\.retention\.keepDaily/,
  },
  "an argument that would point kopia elsewhere": {
    sample: {
      kind: "BackupConfig",
      spec: {
        repository: { name: "home" },
        sources: [{ pvc: { name: "a" } }],
        policy: { extraArgs: ["--config-file=/tmp/x"] },
      },
    },
    says: /spec\.policy\.extraArgs\[0\]: .*expected one of --fail-fast/,
  },
  "a cron of three fields": {
    sample: { kind: "BackupSchedule", spec: { configRef: { name: "photos" }, schedule: { cron: "* * *" } } },
    says: /spec\.schedule\.cron/,
  },
  "a schedule that does not say what to do with the run before": {
    sample: {
      kind: "BackupSchedule",
      spec: { configRef: { name: "photos" }, schedule: { cron: "0 1 * * *", concurrencyPolicy: "Maybe" } },
    },
    says: /concurrencyPolicy/,
  },
  "no spec": { sample: { kind: "Backup", spec: undefined }, says: /spec: Required value/ },
};

function pluralOf(kind: string): string {
  const definition = ALL_KINDS.find((candidate) => candidate.kind === kind);
  assert.ok(definition);
  return definition.plural;
}

function listPath(kind: string): string {
  return `/apis/${GROUP}/${VERSION}/namespaces/default/${pluralOf(kind)}`;
}

async function create(
  server: ApiServer,
  name: string,
  { kind, spec }: Sample,
): Promise<Record<string, unknown>> {
  const body = { apiVersion: API_VERSION, kind, metadata: { name }, ...(spec === undefined ? {} : { spec }) };
  return await server.request("POST", `${listPath(kind)}?fieldValidation=Strict`, { body }) as Record<
    string,
    unknown
  >;
}

Deno.test("the CRDs: a real API server accepts them, stores good objects and refuses bad ones readably", async (t) => {
  await using server = await startApiserver();
  for (const definition of ALL_KINDS) {
    await server.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      body: customResourceDefinition(definition),
    });
  }
  await waitUntil(() => server.request("GET", listPath("Backup")), {
    what: "the CRDs to be served",
    limitSeconds: 20,
    everyMs: 100,
  });

  let count = 0;
  for (const [name, sample] of Object.entries(good)) {
    await t.step(`accepts ${name}`, async () => {
      const stored = await create(server, `good-${count++}`, sample);
      assert.equal(stored["kind"], sample.kind);
    });
  }
  for (const [name, { sample, says }] of Object.entries(bad)) {
    await t.step(`refuses ${name}`, async () => {
      await assert.rejects(create(server, `bad-${count++}`, sample), (error: unknown) => {
        assert.ok(error instanceof ApiStatusError);
        assert.match(error.message, says);
        return true;
      });
    });
  }
  await t.step("defaults are filled in by the API server", async () => {
    const stored = await create(server, "defaults", {
      kind: "Repository",
      spec: { backend: filesystem, encryption: password, catalog: {} },
    });
    assert.deepEqual(stored["spec"], {
      backend: { filesystem: { path: "/repository", volume: { pvc: { name: "repo" } } } },
      encryption: { passwordSecretRef: { name: "password", key: "KOPIA_PASSWORD" } },
      catalog: { discover: true, refreshInterval: "1h" },
    });
  });
  await t.step("configRef cannot be changed", async () => {
    await create(server, "fixed", { kind: "Backup", spec: { configRef: { name: "a" } } });
    await assert.rejects(
      server.request("PATCH", `${listPath("Backup")}/fixed`, {
        body: { spec: { configRef: { name: "b" } } },
        contentType: "application/merge-patch+json",
      }),
      /configRef cannot be changed/,
    );
  });
});

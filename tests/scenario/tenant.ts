import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { API_VERSION } from "../../api/mod.ts";
import { type Manifest, pathOf, pause, waitUntil } from "../cluster/mod.ts";
import { runTool, runToolOk, type ToolResult } from "../parts/mod.ts";
import type { Stage } from "./stage.ts";

/** Limits of waits are meant for a machine with nothing else to do, and are multiplied by this. */
const PATIENCE = 3;

/** Kinds that are not ours, by the version tests read them in. */
const FOREIGN_KINDS: Readonly<Record<string, string>> = {
  Event: "events.k8s.io/v1",
  Job: "batch/v1",
  PersistentVolumeClaim: "v1",
  Pod: "v1",
};

/** Any object as the API server shows it. */
export interface Found {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
  };
  // deno-lint-ignore no-explicit-any -- tests read what users read, by path
  readonly [field: string]: any;
}

interface FoundList {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly Found[];
}

interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "ERROR";
  readonly object: Found;
}

/** One Event, as much of it as tests read. */
export interface FoundEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly regarding: { readonly kind: string; readonly name: string };
}

/** A user of kopiur with a namespace of their own. */
export class Tenant {
  readonly stage: Stage;
  readonly namespace: string;
  /** How kopia on the host is connected, by the folder of the repository. */
  readonly #connections = new Map<string, Promise<Readonly<Record<string, string>>>>();

  constructor(stage: Stage, namespace: string) {
    this.stage = stage;
    this.namespace = namespace;
  }

  /** A claim whose volume holds these files; resolves to its folder on the host. */
  async volume(name: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    await this.apply({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    const folder = await this.folderOf(name);
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      await Deno.writeTextFile(join(folder, path), text);
    }
    return folder;
  }

  /** Folder on the host of a claim's volume. */
  async folderOf(claim: string): Promise<string> {
    const volume = await waitUntil(async () => {
      const { spec } = await this.get("PersistentVolumeClaim", claim);
      return typeof spec.volumeName === "string" ? spec.volumeName : undefined;
    }, { what: `the claim ${claim} to be bound`, limitSeconds: 20 * PATIENCE });
    const path = `/api/v1/persistentvolumes/${volume}`;
    const { spec } = await this.stage.cluster.request("GET", path) as Found;
    return spec.hostPath.path;
  }

  /** A Secret. */
  async secret(name: string, values: Readonly<Record<string, string>>): Promise<void> {
    await this.apply({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData: values });
  }

  /** A Repository on a volume of its own, with its password; resolves when it is Ready. */
  async repository(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<Found> {
    await this.volume(`${name}-store`);
    await this.secret(`${name}-password`, { KOPIA_PASSWORD: "secret-of-the-test" });
    await this.custom("Repository", name, {
      backend: { filesystem: { volume: { pvc: { name: `${name}-store` } } } },
      encryption: { passwordSecretRef: { name: `${name}-password` } },
      create: { enabled: true },
      // Tests delete what they made, and do not wait ten minutes for it.
      deletionBreaker: { window: "10s", keepLast: false },
      ...spec,
    });
    return await this.until("Repository", name, ({ status }) => status?.phase === "Ready", 150);
  }

  /** A BackupConfig over these claims. */
  async config(
    name: string,
    repository: string,
    claims: readonly string[],
    spec: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    await this.custom("BackupConfig", name, {
      repository: { name: repository },
      sources: claims.map((claim) => ({ pvc: { name: claim } })),
      ...spec,
    });
  }

  /** A Backup of this config. */
  async backup(name: string, config: string, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.custom("Backup", name, { configRef: { name: config }, ...spec });
  }

  /** Resolves when the Backup has ended; throws with its status when that takes too long. */
  async ended(name: string, limitSeconds = 180): Promise<Found> {
    return await this.until(
      "Backup",
      name,
      ({ status }) => status?.phase === "Succeeded" || status?.phase === "Failed",
      limitSeconds,
    );
  }

  /** Applies one object of a kind of ours. */
  async custom(kind: string, name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.apply({ apiVersion: API_VERSION, kind, metadata: { name }, spec });
  }

  /** Applies an object in the namespace. */
  async apply(manifest: Manifest): Promise<void> {
    await this.stage.cluster.apply({
      ...manifest,
      metadata: { ...manifest.metadata, namespace: this.namespace },
    });
  }

  /** Runs kubectl in the namespace. */
  async kubectl(...args: readonly string[]): Promise<string> {
    return await this.stage.cluster.kubectl("-n", this.namespace, ...args);
  }

  /** One object as it is now. */
  async get(kind: string, name: string): Promise<Found> {
    return await this.stage.cluster.request("GET", `${this.#path(kind)}/${name}`) as Found;
  }

  /** All objects of a kind, or those with a label. */
  async list(kind: string, labelSelector = ""): Promise<readonly Found[]> {
    const path = `${this.#path(kind)}?labelSelector=${encodeURIComponent(labelSelector)}`;
    return (await this.stage.cluster.request("GET", path) as { readonly items: readonly Found[] }).items;
  }

  /** Resolves with the object once it is as wanted; the error at the limit shows it as it is. */
  async until(
    kind: string,
    name: string,
    wanted: (object: Found) => boolean,
    limitSeconds: number,
  ): Promise<Found> {
    let last: Found | undefined;
    for await (const object of this.#states(kind, name, limitSeconds)) {
      last = object;
      if (object !== undefined && fits(object, wanted)) return object;
    }
    throw new Error(
      `Cannot wait any longer for ${kind} ${name}: ${limitSeconds * PATIENCE} s are over; it is ${
        JSON.stringify(last?.["status"])
      }; events ${JSON.stringify(await this.events())}; controller ${await this.stage.controllerLog()}`,
    );
  }

  /** Resolves when the object is gone. */
  async gone(kind: string, name: string, limitSeconds: number): Promise<void> {
    let last: Found | undefined;
    for await (const object of this.#states(kind, name, limitSeconds)) {
      if (object === undefined) return;
      last = object;
    }
    throw new Error(
      `Cannot wait any longer for ${kind} ${name} to be gone: ${limitSeconds * PATIENCE} s are over; it is ${
        JSON.stringify(last)
      }`,
    );
  }

  /**
   * How an object is, now and after each change, until the limit; undefined while it is not there. Goes on when the
   * API server does not answer for a while.
   */
  async *#states(kind: string, name: string, limitSeconds: number): AsyncGenerator<Found | undefined> {
    const { cluster } = this.stage;
    const signal = AbortSignal.timeout(limitSeconds * PATIENCE * 1000);
    const path = `${this.#path(kind)}?fieldSelector=metadata.name%3D${name}`;
    while (!signal.aborted) {
      try {
        const { items: [object], metadata } = await cluster.request("GET", path, { signal }) as FoundList;
        yield object;
        const changes = cluster.watch(`${path}&watch=1&resourceVersion=${metadata.resourceVersion}`, signal);
        for await (const change of changes as AsyncGenerator<Change>) {
          // Its history is gone, or the API server is about to be.
          if (change.type === "ERROR") break;
          yield change.type === "DELETED" ? undefined : change.object;
        }
      } catch {
        await pause(250, signal).catch(() => undefined);
      }
    }
  }

  #path(kind: string): string {
    const apiVersion = FOREIGN_KINDS[kind] ?? API_VERSION;
    return pathOf({ apiVersion, kind, namespace: this.namespace });
  }

  /** Events of the namespace. */
  async events(): Promise<readonly FoundEvent[]> {
    const found = await this.list("Event") as unknown as readonly FoundEvent[];
    return found.map(({ type, reason, note, regarding }) => ({
      type,
      reason,
      note,
      regarding: { kind: regarding.kind, name: regarding.name },
    }));
  }

  /** Resolves with the first Event of this reason on this object. */
  async event(kind: string, name: string, reason: string): Promise<FoundEvent> {
    return await waitUntil(
      async () =>
        (await this.events()).find((event) =>
          event.reason === reason && event.regarding.kind === kind && event.regarding.name === name
        ),
      {
        what: `the Event ${reason} on ${kind} ${name}`,
        limitSeconds: 20 * PATIENCE,
        everyMs: 250,
      },
    );
  }

  /** Runs the real kopia on the host against the volume of a Repository made by {@link repository}. */
  async kopia(repository: string, ...args: readonly string[]): Promise<string> {
    const result = await this.tryKopia(repository, ...args);
    if (result.code !== 0) throw new Error(`Cannot run kopia ${args.join(" ")}: ${result.stderr}`);
    return result.stdout;
  }

  /** Like {@link kopia}, with code and output whatever they are. */
  async tryKopia(repository: string, ...args: readonly string[]): Promise<ToolResult> {
    const store = await this.folderOf(`${repository}-store`);
    const connection = this.#connections.get(store) ?? this.#connect(store);
    this.#connections.set(store, connection);
    return await runTool([this.stage.kopia, ...args], { env: await connection });
  }

  async #connect(store: string): Promise<Readonly<Record<string, string>>> {
    const folder = await Deno.makeTempDir({ dir: this.stage.folder });
    const env = {
      KOPIA_PASSWORD: "secret-of-the-test",
      KOPIA_CONFIG_PATH: join(folder, "repository.config"),
      KOPIA_CACHE_DIRECTORY: join(folder, "cache"),
      KOPIA_LOG_DIR: join(folder, "logs"),
      KOPIA_CHECK_FOR_UPDATES: "false",
    };
    await runToolOk([this.stage.kopia, "repository", "connect", "filesystem", `--path=${store}`], { env });
    return env;
  }

  /** Every finished snapshot in a Repository, as kopia lists them. */
  async snapshots(
    repository: string,
  ): Promise<
    readonly {
      readonly id: string;
      readonly source: { readonly path: string; readonly userName: string; readonly host: string };
      readonly tags?: Record<string, string>;
    }[]
  > {
    return JSON.parse(await this.kopia(repository, "snapshot", "list", "--all", "--json"));
  }

  /** Snapshots that carry the tag of this Backup's run. */
  async snapshotsOf(repository: string, backup: Found): Promise<readonly { readonly id: string }[]> {
    const tag = "tag:kopiur-run";
    return (await this.snapshots(repository)).filter(({ tags }) => tags?.[tag] === backup.metadata.uid);
  }

  /** Waits for the end of a Backup of one source: it made exactly the one snapshot it tells of, and that is whole. */
  async assertOneSnapshot(repository: string, name: string, folder: string): Promise<void> {
    const backup = await this.ended(name, 120);
    assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
    const tagged = await this.snapshotsOf(repository, backup);
    const [entry] = backup["status"].snapshots;
    assert.deepEqual(tagged.map(({ id }) => id), [entry.kopiaSnapshotID]);
    await this.assertIdentical(repository, entry.kopiaSnapshotID, folder);
  }

  /** Restores a snapshot with kopia and compares it with a folder, byte by byte; throws with the differences. */
  async assertIdentical(repository: string, snapshotId: string, folder: string): Promise<void> {
    const restored = join(await Deno.makeTempDir({ dir: this.stage.folder }), "restored");
    await this.kopia(repository, "snapshot", "restore", snapshotId, restored);
    await runToolOk(["diff", "-r", folder, restored]);
  }
}

/** What cannot be judged yet is not as wanted. */
function fits(object: Found, wanted: (object: Found) => boolean): boolean {
  try {
    return wanted(object);
  } catch {
    return false;
  }
}

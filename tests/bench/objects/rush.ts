import {
  API_VERSION,
  backupConfigKind,
  backupKind,
  FINALIZER,
  GROUP,
  repositoryKind,
  VERSION,
} from "../../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../../kube/mod.ts";
import { type ApiServer, waitUntil } from "../../cluster/mod.ts";
import * as z from "zod";

/** How much there is for a rush: recipes are spread evenly over namespaces, each with a repository and a claim of its own. */
export interface RushCounts {
  readonly namespaces: number;
  readonly recipes: number;
}

const ready = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
});

/** Makes everything that Backups need but the Backups; resolves when every Repository and BackupConfig is ready. */
export async function prepareRush(server: ApiServer, counts: RushCounts, signal: AbortSignal): Promise<void> {
  for (const namespace of rushNamespaces(counts)) {
    const inside = `/api/v1/namespaces/${namespace}`;
    await makeNamespace(server, namespace, signal);
    await server.request("POST", `${inside}/secrets`, {
      body: { ...named("v1", "Secret", "password"), stringData: { KOPIA_PASSWORD: "bench" } },
      signal,
    });
    await server.request("POST", `${inside}/secrets`, {
      body: {
        ...named("v1", "Secret", "keys"),
        stringData: { AWS_ACCESS_KEY_ID: "bench", AWS_SECRET_ACCESS_KEY: "bench" },
      },
      signal,
    });
    await server.request("POST", listPath(repositoryKind.plural, namespace), { body: repository, signal });
  }
  for (let recipe = 0; recipe < counts.recipes; recipe++) {
    const namespace = namespaceOf(counts, recipe);
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    await server.request("POST", claims, { body: claimOf(recipe), signal });
    // Nobody binds volumes here, and a claim without one is backed up by nobody.
    const bound = { ...claimOf(recipe), status: { phase: "Bound" } };
    await server.request("PUT", `${claims}/data-${recipe}/status`, { body: bound, signal });
    await server.request("POST", listPath(backupConfigKind.plural, namespace), {
      body: recipeOf(recipe),
      signal,
    });
  }
  await allReady(server, repositoryKind.plural, counts.namespaces, signal);
  await allReady(server, backupConfigKind.plural, counts.recipes, signal);
}

/** The namespaces of a rush. */
export function rushNamespaces(counts: RushCounts): readonly string[] {
  return Array.from({ length: counts.namespaces }, (_, each) => namespaceOf(counts, each));
}

/** Makes an empty namespace. */
export async function makeNamespace(server: ApiServer, name: string, signal: AbortSignal): Promise<void> {
  await server.request("POST", "/api/v1/namespaces", { body: named("v1", "Namespace", name), signal });
}

/** A schedule (or `kubectl kopiur backup now`) makes Backups with their finalizer, a person without. */
export type RushMaker = "schedule" | "hand";

/** Backups of all recipes in turn; `rush` makes their names differ from those of other rushes. */
export function* rushBackups(
  counts: RushCounts,
  { rush, by }: { readonly rush: string; readonly by: RushMaker },
  backups: number,
): Generator<{ readonly path: string; readonly body: unknown }> {
  for (let each = 0; each < backups; each++) {
    const recipe = each % counts.recipes;
    const namespace = namespaceOf(counts, recipe);
    yield {
      path: listPath(backupKind.plural, namespace),
      body: backupMadeBy(by, `${rush}-${each}`, `recipe-${recipe}`),
    };
  }
}

/** A Backup as its maker creates it. */
export function backupMadeBy(by: RushMaker, name: string, recipe: string): KubeObject {
  const finalizers = by === "schedule" ? { finalizers: [FINALIZER] } : {};
  return {
    apiVersion: API_VERSION,
    kind: backupKind.kind,
    metadata: { name, ...finalizers },
    spec: { configRef: { name: recipe } },
  };
}

/** The first Backup of a rush. */
export function firstBackup(counts: RushCounts, rush: string): ObjectKey {
  return { namespace: namespaceOf(counts, 0), name: `${rush}-0` };
}

const repository = {
  ...named(API_VERSION, "Repository", "home"),
  spec: {
    backend: { s3: { bucket: "backups", auth: { secretRef: { name: "keys" } } } },
    encryption: { passwordSecretRef: { name: "password" } },
  },
};

function claimOf(recipe: number) {
  return {
    ...named("v1", "PersistentVolumeClaim", `data-${recipe}`),
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
}

function recipeOf(recipe: number) {
  return {
    ...named(API_VERSION, "BackupConfig", `recipe-${recipe}`),
    spec: { repository: { name: "home" }, sources: [{ pvc: { name: `data-${recipe}` } }] },
  };
}

async function allReady(
  server: ApiServer,
  plural: string,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  await waitUntil(async () => {
    const list = z.object({ items: z.array(z.unknown()) });
    const { items } = list.parse(await server.request("GET", `/apis/${GROUP}/${VERSION}/${plural}`));
    return items.filter(isReady).length === count ? true : undefined;
  }, { what: `${count} ${plural} to be ready`, limitSeconds: 60, everyMs: 200, signal });
}

function isReady(object: unknown): boolean {
  return ready.safeParse(object).data?.status.conditions.some(({ type, status }) =>
    type === "Ready" && status === "True"
  ) ?? false;
}

function named(apiVersion: string, kind: string, name: string) {
  return { apiVersion, kind, metadata: { name } };
}

function namespaceOf({ namespaces }: RushCounts, recipe: number): string {
  return `team-${recipe % namespaces}`;
}

function listPath(plural: string, namespace: string): string {
  return `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${plural}`;
}

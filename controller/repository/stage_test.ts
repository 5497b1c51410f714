/** What the tests of this folder share: a namespace in memory in which a Repository lives. Holds no test itself. */
import { mergeConditions, MOVER_EXIT, type RepositoryStatus, repositoryStatus } from "../../api/mod.ts";
import type { DesiredObject, KubeObject } from "../../kube/types.ts";
import {
  aClaim,
  aNamespace,
  aPodOf,
  aRepository,
  aSecret,
  FakeKube,
  type Parts,
  workSpecOf,
} from "../../tests/support/mod.ts";
import type { ControllerOptions } from "../options.ts";
import { observeWorld } from "../runtime/pass/observe_and_plan.ts";
import type { Kind } from "../runtime/kind.ts";
import { MoverSlots } from "../movers/mod.ts";
import { JOB } from "../shared/mod.ts";
import { repositoryReconciler, type RepositoryWorld } from "./mod.ts";
import type { RepositoryPlan } from "./plan.ts";

/** Options of every test. */
export const OPTIONS: ControllerOptions = {
  moverImage: "kopiur:test",
  moverImagePullPolicy: "Never",
  moverEnvPassthrough: [],
  maxMovers: 20,
  operatorNamespace: "kopiur-system",
  instance: "kopiur-0",
};

/** Now, unless a test moves on. */
export const NOW = new Date("2026-01-02T03:05:00Z");
/** When movers ended, unless a test says otherwise. */
export const MOVER_ENDED = new Date("2026-01-02T03:04:00Z");
/** The repository of every test. */
export const KEY = { namespace: "apps", name: "repo" };
/** The kind under test. */
export const KIND = aKind();

/** The kind, with slots for whoever asks unless a test has its own. */
export function aKind(
  options: ControllerOptions = OPTIONS,
  slots = someSlots(),
): Kind<RepositoryWorld, RepositoryPlan> {
  return repositoryReconciler(options, slots);
}

/** A ledger that begins with no bootstrap. */
export function someSlots(limit = 0, nowMs: () => number = () => 0): MoverSlots {
  const slots = new MoverSlots(limit, nowMs);
  slots.begin([]);
  return slots;
}

/** The clock of each API server in memory: it goes with the passes. */
const clocks = new WeakMap<FakeKube, { now: Date }>();

/** A namespace with everything a filesystem Repository needs, but the Repository. */
export function aNamespaceInMemory(...objects: readonly KubeObject[]): FakeKube {
  const clock = { now: NOW };
  const kube = new FakeKube(() => clock.now).declare(KIND);
  clocks.set(kube, clock);
  kube.put(aNamespace(), aSecret(), aClaim({ name: "repo-data" }), ...objects);
  return kube;
}

/** Sets the clock of the API server. */
export function setServerTime(kube: FakeKube, now: Date): void {
  const clock = clocks.get(kube);
  if (clock !== undefined) clock.now = now;
}

/** The Repository as it is stored now. */
export function storedRepository(kube: FakeKube): KubeObject {
  const object = kube.find("kopiur.home-operations.com/v1alpha1", "Repository", KEY);
  if (object === undefined) throw new TypeError("Cannot read the Repository: it is not there");
  return object;
}

/** Its status, parsed as the CRD would. */
export function statusIn(kube: FakeKube): RepositoryStatus {
  return repositoryStatus.parse(storedRepository(kube).status ?? {});
}

/** What the kind sees and plans in that namespace. */
export async function planIn(kube: FakeKube, now: Date = NOW, kind = KIND): Promise<RepositoryPlan> {
  return kind.plan(await worldIn(kube, now, kind), now);
}

/** What the kind sees in that namespace. */
export async function worldIn(kube: FakeKube, now: Date = NOW, kind = KIND): Promise<RepositoryWorld> {
  const clock = clocks.get(kube);
  if (clock !== undefined) clock.now = now;
  const world = await observeWorld(kind, KEY, kube, new AbortController().signal, now);
  if (world === undefined) throw new TypeError("Cannot observe the Repository: it is not there");
  return world;
}

/** A Repository that may create. */
export function aCreatingRepository(parts: Parts = {}): KubeObject {
  return aRepository({ ...parts, spec: { create: { enabled: true }, ...parts.spec } });
}

/** Applies a plan's objects and its status, as the engine does when nothing goes wrong. */
export async function carryOut(kube: FakeKube, plan: RepositoryPlan, now: Date = NOW): Promise<void> {
  const { signal } = new AbortController();
  for (const object of plan.create) await kube.create(object, signal);
  for (const removal of plan.remove) await kube.remove(removal, signal);
  const before = statusIn(kube).conditions ?? [];
  const conditions = mergeConditions(before, plan.conditions, plan.status.observedGeneration ?? 0, now);
  await kube.replaceStatus(storedRepository(kube), { ...plan.status, conditions }, signal);
}

/** The one bootstrap Job there is. */
export function jobIn(kube: FakeKube): KubeObject {
  const [job, ...more] = kube.list(JOB);
  if (job === undefined || more.length > 0) {
    throw new TypeError(`Cannot find the Job: there are ${more.length}, expected one`);
  }
  return job;
}

/** How a mover ended. */
export interface End {
  readonly exitCode: number;
  readonly message: string;
  /** Of the container, where it is not the exit code's own. */
  readonly reason?: string;
  readonly at?: Date;
}

/** Ends a Job as kubelet and Job controller do. */
export function endJob(
  kube: FakeKube,
  job: KubeObject,
  { exitCode, message, reason, at = MOVER_ENDED }: End,
): void {
  const isGood = exitCode === MOVER_EXIT.ok;
  const terminated = {
    exitCode,
    message,
    finishedAt: at.toISOString(),
    ...(reason === undefined ? {} : { reason }),
  };
  const conditions = [{ type: isGood ? "Complete" : "Failed", status: "True" }];
  const phase = isGood ? "Succeeded" : "Failed";
  kube.put(
    aPodOf(job, { status: { phase, containerStatuses: [{ name: "mover", state: { terminated } }] } }),
    { ...job, status: { conditions } },
  );
}

/** The termination message of a bootstrap that opened a repository. */
export function openedMessage(bootstrap: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    version: 1,
    operation: "BootstrapRepository",
    durationSeconds: 2.5,
    bootstrap: { uniqueId: "0123abcd", created: false, snapshotCount: 3, totalSizeBytes: 4096, ...bootstrap },
  });
}

/** The termination message of a bootstrap that failed. */
export function failedMessage(failureClass: string, message = `kopia said ${failureClass}`): string {
  return JSON.stringify({
    version: 1,
    operation: "BootstrapRepository",
    durationSeconds: 1,
    failure: { class: failureClass, message, tail: "last line" },
  });
}

/** Starts a bootstrap and ends it so; the next plan takes the result. */
export async function bootstrapEnds(kube: FakeKube, end: End): Promise<void> {
  await carryOut(kube, await planIn(kube));
  endJob(kube, jobIn(kube), end);
}

/** True when a plan starts a mover that is allowed to create a repository. */
export function startsWithCreate(applied: readonly DesiredObject[]): boolean {
  return applied.some((job) => JSON.stringify(workSpecOf(job)).includes('"create"'));
}

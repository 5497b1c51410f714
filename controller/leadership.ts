import type { Cluster } from "../kube/mod.ts";
import type { Sample } from "../telemetry/mod.ts";
import type { ControllerOptions } from "./options.ts";

/** Name of the lease, in the operator's namespace. */
export const LEASE_NAME = "kopiur-controller";

/** Whether this replica may work. */
export interface Leadership {
  /** The name of this replica in the lease. */
  readonly identity: string;
  /** Starts to acquire it. */
  start(): void;
  /** Whether this replica may work now; false at once in a process that slept longer than its lease. */
  isLeader(): boolean;
  /** Resolves once this replica may work; rejects with the signal's reason. */
  whenLeader(signal: AbortSignal): Promise<void>;
  /** Resolves with the reason when this replica may not work any more. */
  readonly lost: Promise<Error>;
  /** Releases it, if it was started; resolves when another replica may have it. */
  release(): Promise<void>;
  /** Whether this replica leads, as a gauge. */
  samples(): Iterable<Sample>;
}

/** Leadership by lease: 15 s long, given up when it cannot be renewed for 10 s, tried every 2 s. */
export function leadershipByLease(
  cluster: Pick<Cluster, "createLeaderElector">,
  options: Pick<ControllerOptions, "operatorNamespace" | "instance">,
  newId: () => string,
): Leadership {
  // The pod's name is not enough: the next container of the pod has the same one.
  const identity = `${options.instance}_${newId()}`;
  const releasing = new AbortController();
  const elector = cluster.createLeaderElector({
    key: { namespace: options.operatorNamespace, name: LEASE_NAME },
    identity,
    leaseDurationSeconds: 15,
    renewDeadlineSeconds: 10,
    retryPeriodSeconds: 2,
  });
  let isRunning = false;
  return {
    identity,
    start() {
      isRunning = true;
      elector.start(releasing.signal);
    },
    isLeader: () => elector.isLeader(),
    whenLeader: (signal) => elector.whenLeader(signal),
    lost: elector.lost,
    async release() {
      releasing.abort(new Error("The process is ending"));
      if (isRunning) await elector.ended;
    },
    samples: () => elector.samples(),
  };
}

/** Leadership of the only replica: acquired at the start, and never lost. */
export function soleLeadership(identity: string): Leadership {
  let leads = false;
  return {
    identity,
    start() {
      leads = true;
    },
    isLeader: () => leads,
    whenLeader: () => Promise.resolve(),
    lost: Promise.withResolvers<Error>().promise,
    release: () => Promise.resolve(),
    samples: () => [{ name: "kopiur_leader", labels: {}, value: leads ? 1 : 0 }],
  };
}

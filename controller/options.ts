import type { HandedOn } from "../telemetry/mod.ts";

/** The settings of the controller; kinds read them. */
export interface ControllerOptions {
  /** Image of every mover Job. */
  readonly moverImage: string;
  readonly moverImagePullPolicy: "Always" | "IfNotPresent" | "Never";
  /** Environment every mover gets: telemetry and log settings, and proxies of the controller. */
  readonly moverEnvPassthrough: readonly HandedOn[];
  /** Names of the pull secrets of every mover, in its own namespace. */
  readonly moverPullSecrets?: readonly string[] | undefined;
  /** A ConfigMap in the namespace of each mover, and the key with the authorities movers trust besides public ones. */
  readonly moverCaConfigMap?: { readonly name: string; readonly key: string } | undefined;
  /** Slots for movers in the whole cluster, besides those for opening repositories; 0: no limit. */
  readonly maxMovers: number;
  /** The namespace of the controller and its lease. */
  readonly operatorNamespace: string;
  /** Name of this replica, unique among the replicas: the pod name. */
  readonly instance: string;
}

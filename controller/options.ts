import type { HandedOn } from "../telemetry/mod.ts";

/** The settings of the controller; kinds read them. */
export interface ControllerOptions {
  /** Image of every mover Job. */
  readonly moverImage: string;
  readonly moverImagePullPolicy: "Always" | "IfNotPresent" | "Never";
  /** Environment every mover gets: telemetry and log settings of the controller. */
  readonly moverEnvPassthrough: readonly HandedOn[];
  /** Slots for movers in the whole cluster, besides those for opening repositories; 0: no limit. */
  readonly maxMovers: number;
  /** The namespace of the controller and its lease. */
  readonly operatorNamespace: string;
  /** Name of this replica, unique among the replicas: the pod name. */
  readonly instance: string;
}

import type { Reason } from "../../api/mod.ts";

/** How a pass ended; queue, conditions, Event, log line, span and metric all come from it (house.md §4.4). */
export type Outcome =
  | {
    readonly kind: "settled";
    readonly reason: Reason;
    readonly message: string;
    /** What the Ready condition says; a Failed run is settled and not Ready. */
    readonly ready: "True" | "False";
    readonly recheckAfterSeconds?: number;
  }
  | {
    readonly kind: "waiting";
    readonly reason: Reason;
    readonly message: string;
    readonly recheckAfterSeconds: number;
  }
  | {
    readonly kind: "stalled";
    readonly reason: Reason;
    readonly message: string;
    /** A look now and then all the same, where the world outside may have been mended. */
    readonly recheckAfterSeconds?: number;
    /** Its chain of messages goes to Event and log, never to the conditions. */
    readonly error?: Error;
  }
  | {
    readonly kind: "failed";
    readonly reason: Reason;
    /** A stable sentence: it goes to the conditions. */
    readonly message: string;
    /** Its chain of messages goes to Event and log, never to the conditions. */
    readonly error: Error;
  };

import type { Reason } from "../../api/mod.ts";

/** How a pass ended; queue, conditions, Event, log line, span and metric all come from it (report.ts). */
export type Outcome =
  | {
    readonly kind: "settled";
    readonly reason: Reason;
    readonly message: string;
    /** What the Ready condition says; a Failed run is settled and not Ready. */
    readonly ready: "True" | "False";
    readonly recheckAfterSeconds?: number;
    /** The look back is for a moment, not for the sake of looking: it is not spread. */
    readonly isPunctual?: true;
    /** No Event of its own: what may become true for thousands of objects at once, and is no news. */
    readonly isQuiet?: true;
  }
  | {
    readonly kind: "waiting";
    readonly reason: Reason;
    readonly message: string;
    readonly recheckAfterSeconds: number;
    /** No Event of its own: an ordinary wait that may begin for a thousand objects at once. */
    readonly isQuiet?: true;
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

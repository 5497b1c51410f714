import { lastProgress, type MoverProgress, progressLine } from "../../api/mover/progress.ts";
import type { Sink } from "../../telemetry/mod.ts";
import type { Still } from "../kopia/client.ts";

const NOTHING_YET: MoverProgress = { bytesDone: 0, filesDone: 0, bytesWritten: 0 };

/** Tells the controller of a step that is still, and when it is no longer, with the progress that was printed last. */
export function tellStill(print: Sink): {
  readonly print: Sink;
  readonly onStill: (still: Still | undefined) => void;
} {
  let last = NOTHING_YET;
  return {
    print: (line) => {
      last = lastProgress(line) ?? last;
      print(line);
    },
    onStill: (still) => print(`${progressLine({ ...last, ...(still === undefined ? {} : { still }) })}\n`),
  };
}

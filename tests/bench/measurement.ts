import type { Figure } from "./figure.ts";
import type { Workbench } from "./workbench.ts";

/** One measurement of the budget, as it is named on the command line. */
export interface Measurement {
  readonly name: string;
  /** What it measures and needs, for the help text. */
  readonly about: string;
  readonly measure: (bench: Workbench) => Promise<readonly Figure[]>;
}

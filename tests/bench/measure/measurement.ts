import type { Figure } from "../figures/figure.ts";

/** One measurement of the budget, as it is named on the command line. */
export interface Measurement<B> {
  readonly name: string;
  /** What it measures and needs, for the help text. */
  readonly about: string;
  readonly measure: (bench: B) => Promise<readonly Figure[]>;
}

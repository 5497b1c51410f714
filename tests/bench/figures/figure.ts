import { spreadOf } from "./spread.ts";

/** What a figure counts; a ratio is how many times the other side ours is. */
export type Unit = "ratio" | "s" | "ms" | "MB" | "series" | "per second";

/** What a figure should be (README.md has the table). */
export type Aim = { readonly atMost: number } | { readonly atLeast: number };

/** What is measured, before it is. */
export interface Question {
  readonly what: string;
  /** What it is compared with; undefined where the aim is absolute. */
  readonly against?: string;
  readonly unit: Unit;
  /** None for a figure that only helps to read another one. */
  readonly aim?: Aim;
}

/** One figure of the budget; `value` is the median of the runs. */
export interface Figure extends Question {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
  /** Undefined without an aim. */
  readonly met: boolean | undefined;
  /** The numbers behind a ratio, or what else a reader must know. */
  readonly note?: string;
}

/** The answer to a question, from the samples of several runs. The median decides. */
export function figureOf(question: Question, samples: readonly number[], note?: string): Figure {
  const { median: value, min, max, runs } = spreadOf(samples);
  const met = question.aim === undefined ? undefined : meets(value, question.aim);
  return { ...question, value, min, max, runs, met, ...(note === undefined ? {} : { note }) };
}

/** True when a value is as good as it should be. */
export function meets(value: number, aim: Aim): boolean {
  return "atMost" in aim ? value <= aim.atMost : value >= aim.atLeast;
}

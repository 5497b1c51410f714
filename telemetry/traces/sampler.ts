/** Which traces are recorded. */
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { SamplerChoice } from "../otlp/tuning.ts";

/**
 * The sampler for a setting. A sampled parent of another process is decided again by the ratio of its trace id:
 * the trace of a run begins in no process, so every process must come to the same decision by itself.
 */
export function createSampler(choice: SamplerChoice): Sampler {
  const root = rootSampler(choice);
  return choice.parentBased ? new ParentBasedSampler({ root, remoteParentSampled: root }) : root;
}

function rootSampler({ root, ratio }: SamplerChoice): Sampler {
  switch (root) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratio);
    default:
      return root satisfies never;
  }
}

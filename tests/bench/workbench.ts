import { compileHost } from "../../deploy/compile/compile.ts";
import { buildImage, type BuiltImage } from "../../deploy/image/image.ts";
import { type ControllerObservation, observeController } from "./observe_controller.ts";
import { startCollector } from "../telemetry/collector.ts";
import type { TeamCounts } from "./objects/team.ts";

/** Objects a controller is measured with. */
export type Fill = "empty" | "1 000 runs" | "10 000 runs";

/** How many objects each fill has. */
const fills: Readonly<Record<Fill, TeamCounts | undefined>> = {
  "empty": undefined,
  "1 000 runs": { namespaces: 50, recipes: 100, runs: 1000 },
  "10 000 runs": { namespaces: 50, recipes: 1000, runs: 10_000 },
};

/** What the measurements share: each thing is made once, when the first of them asks for it. */
export class Workbench {
  /** Pairs, or starts, per figure. */
  readonly runs: number;
  readonly progress: (line: string) => void;
  /** Ends every measurement and what it started. */
  readonly signal: AbortSignal;
  readonly #controllers = new Map<Fill, Promise<ControllerObservation>>();
  #exporting: Promise<ControllerObservation> | undefined;
  #binary: Promise<string> | undefined;
  #image: Promise<BuiltImage> | undefined;

  constructor(options: Pick<Workbench, "runs" | "progress" | "signal">) {
    this.runs = options.runs;
    this.progress = options.progress;
    this.signal = options.signal;
  }

  /** The compiled binary of this tree. */
  binary(): Promise<string> {
    return this.#binary ??= compileHost(this.progress).then(({ path }) => path);
  }

  /** The image of this tree. */
  image(): Promise<BuiltImage> {
    return this.#image ??= buildImage({}, this.progress);
  }

  /** Starts of the compiled controller in a cluster filled like this. */
  controller(fill: Fill): Promise<ControllerObservation> {
    const known = this.#controllers.get(fill);
    if (known !== undefined) return known;
    const found = this.#observe(fill);
    this.#controllers.set(fill, found);
    return found;
  }

  /** The same with 10 000 runs, and a collector everything is exported to every 20 s. */
  exportingController(): Promise<ControllerObservation> {
    return this.#exporting ??= this.#observeExporting();
  }

  async #observeExporting(): Promise<ControllerObservation> {
    await using collector = await startCollector();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_METRIC_EXPORT_INTERVAL: "20000" };
    const { runs, progress, signal } = this;
    const found = await observeController(
      { binary: await this.binary(), counts: fills["10 000 runs"], runs, env, progress },
      signal,
    );
    if (collector.metrics.length > runs) return found;
    throw new Error(`Cannot measure the export: the collector received ${collector.metrics.length} exports`);
  }

  async #observe(fill: Fill): Promise<ControllerObservation> {
    const { runs, progress, signal } = this;
    return await observeController(
      { binary: await this.binary(), counts: fills[fill], runs, progress },
      signal,
    );
  }
}

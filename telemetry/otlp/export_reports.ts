/** Counts failed exports, and logs them at most once per interval. */
import type { Clock } from "../clock.ts";
import type { Log } from "../logs/log.ts";
import type { Metrics } from "../metrics/instruments.ts";
import { type OtlpSignal, otlpSignals } from "./variables.ts";

/** What {@link ExportReports} needs. */
export interface ExportReportParts {
  readonly log: Pick<Log, "info" | "warn">;
  readonly metrics: Pick<Metrics, "add" | "precreate">;
  readonly clock: Clock;
  /** Where each signal goes, as a URL. */
  readonly endpoints: Readonly<Partial<Record<OtlpSignal, string>>>;
  /** The least time between two log lines about one signal. */
  readonly intervalMs: number;
}

interface SignalState {
  reportedMs: number;
  /** Failures since the last success. */
  failures: number;
  /** Whether one of them was logged. */
  isReported: boolean;
}

/** Counts each failed export. A collector that is away for a day costs one line per interval and signal. */
export class ExportReports {
  readonly #parts: ExportReportParts;
  readonly #states = new Map<OtlpSignal, SignalState>();

  constructor(parts: ExportReportParts) {
    this.#parts = parts;
    for (const signal of otlpSignals) {
      this.#states.set(signal, { reportedMs: -Infinity, failures: 0, isReported: false });
    }
    parts.metrics.precreate("kopiur_telemetry_export_failures_total", {});
  }

  failed(signal: OtlpSignal, error: unknown): void {
    const { log, metrics, clock, endpoints, intervalMs } = this.#parts;
    metrics.add("kopiur_telemetry_export_failures_total", 1, { signal });
    const state = this.#states.get(signal);
    if (state === undefined) return;
    state.failures += 1;
    const nowMs = clock();
    if (nowMs - state.reportedMs < intervalMs) return;
    state.reportedMs = nowMs;
    state.isReported = true;
    log.warn("telemetry cannot be exported", {
      signal,
      endpoint: endpoints[signal],
      failures: state.failures,
      error,
    });
  }

  succeeded(signal: OtlpSignal): void {
    const state = this.#states.get(signal);
    if (state === undefined || state.failures === 0) return;
    const { failures, isReported } = state;
    state.failures = 0;
    state.isReported = false;
    // Failures that were not logged end without a line, or a flapping network would fill the log.
    if (isReported) this.#parts.log.info("telemetry is exported again", { signal, failures });
  }
}

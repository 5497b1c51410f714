/** Whether the process is ready and alive, and why not. Pure: time is passed in. */

/** The result of one check, with a short reason. */
export interface CheckResult {
  readonly ok: boolean;
  readonly reason: string;
}

/** ready: may be sent work. live: need not be restarted. */
export type Probe = "ready" | "live";

/** All checks of a probe together. */
export interface HealthReport {
  readonly ok: boolean;
  readonly checks: readonly (CheckResult & { readonly name: string })[];
}

/** The health checks that roles register. */
export interface Health {
  /** Registers a check under a unique name; returns a function that removes it. A check must be quick and must not wait. */
  register(probe: Probe, name: string, check: () => CheckResult): () => void;
  /** Runs every check; one that throws is not ok. A process without readiness checks is not ready. */
  read(probe: Probe): HealthReport;
}

/** The checks of one process. */
export class HealthChecks implements Health {
  readonly #checks: Readonly<Record<Probe, Map<string, () => CheckResult>>> = {
    ready: new Map(),
    live: new Map(),
  };

  register(probe: Probe, name: string, check: () => CheckResult): () => void {
    const checks = this.#checks[probe];
    if (checks.has(name)) {
      throw new Error(`Cannot register the ${probe} check "${name}": it exists, expected a new name`);
    }
    checks.set(name, check);
    return () => void checks.delete(name);
  }

  read(probe: Probe): HealthReport {
    const checks = [...this.#checks[probe]].map(([name, check]) => ({ name, ...runCheck(check) }));
    if (probe === "ready" && checks.length === 0) {
      return { ok: false, checks: [{ name: "startup", ok: false, reason: "still starting" }] };
    }
    return { ok: checks.every((each) => each.ok), checks };
  }
}

/** The report as text: the overall state and one line per check. */
export function formatHealth(report: HealthReport): string {
  const lines = report.checks.map(({ ok, name, reason }) =>
    `[${ok ? "+" : "-"}] ${name}: ${oneLine(reason)}`
  );
  return [report.ok ? "ok" : "not ok", ...lines, ""].join("\n");
}

/** Shows that a loop still runs: it beats, also when idle; no beat within the limit is not ok. */
export class Heartbeat {
  readonly #limitMs: number;
  #lastMs: number;

  /** The start counts as the first beat. */
  constructor(limitMs: number, startMs: number) {
    this.#limitMs = limitMs;
    this.#lastMs = startMs;
  }

  beat(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  check(nowMs: number): CheckResult {
    const silentMs = Math.max(0, nowMs - this.#lastMs);
    const seconds = Math.round(silentMs / 1000);
    if (silentMs <= this.#limitMs) return { ok: true, reason: `beat ${seconds} s ago` };
    return { ok: false, reason: `no beat for ${seconds} s, expected one within ${this.#limitMs / 1000} s` };
  }
}

function runCheck(check: () => CheckResult): CheckResult {
  try {
    return check();
  } catch (error) {
    return {
      ok: false,
      reason: `the check failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

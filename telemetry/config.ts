/** Parses the telemetry config from the environment. Never throws: a wrong setting becomes a warning. */
import { type Level, type LogFilter, parseLogFilter } from "./logs/filter.ts";
import type { LineFormat } from "./logs/format.ts";
import { type OtlpConfig, parseOtlpConfig } from "./otlp/config.ts";
import { otlpVariables } from "./otlp/variables.ts";
import type { Build } from "./metrics/process_metrics.ts";
import { parseResourceAttributes, type Role } from "./resource_attributes.ts";
import {
  type Environment,
  given,
  readSetting,
  type TelemetryVariable,
  wholeNumber,
  yesOrNo,
} from "./settings.ts";

/** Facts that the environment does not have. */
export interface RoleFacts {
  readonly role: Role;
  readonly build: Build;
  /** Whether the stream the log goes to is a terminal. */
  readonly terminal: boolean;
}

/** Everything `startTelemetry` needs to know. */
export interface TelemetryConfig {
  readonly role: Role;
  readonly serviceName: string;
  readonly build: Build;
  /** Unique per replica and mover pod; otherwise the counters of one would look like resets of another. */
  readonly instanceId: string | undefined;
  readonly namespace: string | undefined;
  readonly podName: string | undefined;
  readonly logFilter: LogFilter;
  readonly logFormat: LineFormat;
  /** Up to so many recipes have a histogram of durations each. */
  readonly durationRecipes: number;
  /** Attributes of the resource besides those above. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Undefined: nothing is exported. */
  readonly otlp: OtlpConfig | undefined;
  /** Whether `faults` and `warnings` keep the process from starting. */
  readonly strict: boolean;
  /** Why nothing is exported although it was configured; logged at the start. */
  readonly faults: readonly string[];
  /** Wrong settings that were replaced by their default; logged likewise. */
  readonly warnings: readonly string[];
  /** Valid settings that are probably a mistake; logged likewise. */
  readonly hints: readonly string[];
  /** Values to redact. */
  readonly secrets: readonly string[];
}

/** The variables read here, without those of the export (`otlpVariables`). */
export const telemetryVariables = {
  logFilter: {
    name: "RUST_LOG",
    fallback: "info",
    help:
      'Which log lines are wanted: a comma list of "<level>", "<target>=<level>" and "<target>"; levels are ' +
      "off, error, warn, info, debug, trace. The directive with the longest matching beginning of the target decides. " +
      '"info,kopia=debug" also shows what kopia prints, "kube=debug" each request to the API server. All targets: ' +
      "deploy/docs/logs.md.",
  },
  pluginLogFilter: { name: "KOPIUR_LOG", fallback: "warn", help: "Like RUST_LOG, for kubectl kopiur." },
  logFormat: {
    name: "KOPIUR_LOG_FORMAT",
    fallback: "text",
    help:
      'How log lines look: "text" or "json", one JSON object per line, also for what keeps a process from starting.',
  },
  durationRecipes: {
    name: "KOPIUR_DURATION_RECIPES",
    fallback: "500",
    help:
      "Up to so many BackupConfigs each has a histogram of its own of how long its backups take (20 series each); where " +
      "there are more, all share one, with a warning and kopiur_metrics_folded_recipes. 0: they always share one.",
  },
  noColor: { name: "NO_COLOR", fallback: "", help: "Any value turns colours off, also on a terminal." },
  namespace: { name: "KOPIUR_NAMESPACE", fallback: "", help: "The namespace this process runs in." },
  podName: { name: "POD_NAME", fallback: "", help: "The name of the pod this process runs in." },
} as const satisfies Readonly<Record<string, TelemetryVariable>>;

/** The config of a role; a wrong variable is replaced by its default, with a warning. */
export function parseTelemetryConfig(env: Environment, facts: RoleFacts): TelemetryConfig {
  const filterVariable = facts.role === "plugin"
    ? telemetryVariables.pluginLogFilter
    : telemetryVariables.logFilter;
  const fallback: Level = filterVariable.fallback;
  const { filter, warnings } = parseLogFilter(env[filterVariable.name], fallback);
  const format = parseLogFormat(env[telemetryVariables.logFormat.name]);
  const ignored: string[] = [];
  const ignore = (sentence: string) => void ignored.push(sentence);
  // The plugin runs in a person's shell, whose settings are for other programs.
  const exportEnv = facts.role === "plugin" ? {} : env;
  const wantsStrict = given(exportEnv, [otlpVariables.strict.name]);
  // Whoever sets it wants to be told of typing errors, so one in its own value must not switch it off.
  const strict = readSetting(wantsStrict, yesOrNo, ignore) ?? wantsStrict !== undefined;
  const { name: durationName, fallback: durationFallback } = telemetryVariables.durationRecipes;
  const durationRecipes = readSetting(given(exportEnv, [durationName]), wholeNumber(0, 100_000), ignore);
  const { otlp, faults, ignored: otlpIgnored, hints, secrets } = parseOtlpConfig(exportEnv);
  const { attributes, serviceName, ...reported } = parseResourceAttributes(exportEnv, facts.role, ignore);
  const hostname = nonEmpty(env["HOSTNAME"]);
  const podName = nonEmpty(env[telemetryVariables.podName.name]);
  const color = facts.terminal && nonEmpty(env[telemetryVariables.noColor.name]) === undefined;
  return {
    role: facts.role,
    serviceName,
    build: facts.build,
    // A host name is cut at 63 characters, and what makes a pod's name unique is at its end.
    instanceId: reported.instanceId ?? podName ?? hostname,
    namespace: nonEmpty(env[telemetryVariables.namespace.name]),
    podName: podName ?? (nonEmpty(env["KUBERNETES_SERVICE_HOST"]) === undefined ? undefined : hostname),
    attributes,
    logFilter: filter,
    logFormat: format.kind === "json" ? { kind: "json" } : { kind: "text", color },
    durationRecipes: durationRecipes ?? Number(durationFallback),
    otlp,
    strict,
    faults,
    warnings: [
      ...warnings.map((warning) => `${warning} (${filterVariable.name})`),
      ...format.warnings,
      ...ignored,
      ...otlpIgnored,
    ],
    hints,
    secrets,
  };
}

function parseLogFormat(text: string | undefined): { kind: "json" | "text"; warnings: readonly string[] } {
  const wanted = (text ?? "").trim().toLowerCase();
  if (wanted === "json") return { kind: "json", warnings: [] };
  if (["", "text", "plain", "fmt"].includes(wanted)) return { kind: "text", warnings: [] };
  const found = JSON.stringify(wanted.slice(0, 80));
  const warning = `Cannot use the log format ${found}, expected "text" or "json" (KOPIUR_LOG_FORMAT)`;
  return { kind: "text", warnings: [warning] };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text.trim();
}

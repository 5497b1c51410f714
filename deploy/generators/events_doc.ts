import type { EventEntry } from "../../api/catalogs/events.ts";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** The reference page of every Event the kinds tell, and of every reason of the closed list. */
export function eventsDoc(
  events: readonly EventEntry[],
  reasons: Readonly<Record<string, string>>,
): GeneratedFile {
  const text = [
    generatedNotice("api/catalogs/events.ts and api/catalogs/reasons.ts", "<!--"),
    "# Events and conditions",
    "",
    "Events are written when something changes, not on every pass:",
    "`kubectl get events --field-selector reason=BackupFailed -A`. The reporting controller is `kopiur-controller`.",
    "",
    "## Events",
    "",
    "| type | reason | action | on | when |",
    "|---|---|---|---|---|",
    ...events.map(({ type, reasons, action, on, when }) =>
      `| ${type} | ${reasons.map((reason) => `\`${reason}\``).join(", ")} | \`${action}\` | ${
        on.join(", ")
      } | ${when} |`
    ),
    "",
    "In addition, an object whose Ready condition changes gets an Event with the action `Reconcile` and the reason of the",
    "condition: Normal when it is well or waits, Warning when it stalls or fails. Where one of the Events above says the",
    "same, only that one is written.",
    "",
    "## Reasons",
    "",
    "One closed list of reasons serves Events, conditions and metric labels. A condition says the sentence below; the",
    "Event says what was really found, as the words of kopia or of the API server.",
    "",
    "| reason | meaning |",
    "|---|---|",
    ...Object.entries(reasons).map(([reason, sentence]) => `| \`${reason}\` | ${sentence}. |`),
    "",
  ].join("\n");
  return { path: "deploy/docs/events.md", text };
}

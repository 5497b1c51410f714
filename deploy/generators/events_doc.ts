import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** The reference page of every reason an Event or a condition may give, from the closed list. */
export function eventsDoc(reasons: Readonly<Record<string, string>>): GeneratedFile {
  const text = [
    generatedNotice("api/reasons.ts", "<!--"),
    "# Events and conditions",
    "",
    "One closed list of reasons serves Events, conditions and metric labels. A condition says the sentence below; the",
    "Event beside it says what was really found, as the words of kopia or of the API server. Events are told when",
    "something changes, not on every pass: `kubectl get events --field-selector reason=BackupFailed -A`.",
    "",
    "| reason | meaning |",
    "|---|---|",
    ...Object.entries(reasons).map(([reason, sentence]) => `| \`${reason}\` | ${sentence}. |`),
    "",
  ].join("\n");
  return { path: "deploy/docs/events.md", text };
}

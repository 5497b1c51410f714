import { type ConditionChange, findCondition, type Retention } from "../../../api/mod.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import { keepsEverything, type OddSnapshot, type RunFacts } from "../../shared/mod.ts";
import type { RetentionChoice, RetentionStatus } from "./choice.ts";
import type { BackupConfigWorld } from "../world.ts";

type NotWhole = NonNullable<RetentionStatus["notWhole"]>;
type Odd = OddSnapshot<RunFacts>;

const CONDITION = "SnapshotsWhole";
/** The most snapshots that status lists; the schema's limit. */
const NAMED = 20;
/** The most snapshots named in a message. */
const MOST_NAMED = 5;

/** The status part about snapshots that are not whole; empty when there are none. */
export function notWholeStatus(
  { odd, heldBack }: Pick<RetentionChoice, "odd" | "heldBack">,
): Pick<RetentionStatus, "notWhole"> {
  if (odd.length === 0) return {};
  const count = (state: Odd["state"]) => odd.filter((each) => each.state === state).length;
  return {
    notWhole: {
      partial: count("partial"),
      empty: count("empty"),
      shrunken: count("shrunken"),
      heldBackCount: heldBack.length,
      snapshots: odd.slice(0, NAMED).map(({ run: { name }, snapshot: { path: sourcePath }, state }) => ({
        name,
        sourcePath,
        state,
      })),
    },
  };
}

/** The condition SnapshotsWhole: whether the newest snapshot of each source is whole, for a recipe with rules. */
export function wholeCondition(
  { key, spec: { retention } }: BackupConfigWorld,
  { odd, heldBack }: Pick<RetentionChoice, "odd" | "heldBack">,
): ConditionChange {
  const newest = newestOdd(retention, odd);
  if (newest.length === 0) return { kind: "remove", type: CONDITION };
  const message = `${textOf(newest)}. ${effectOf(heldBack.length)}. When that is as it should be, say so: ` +
    `kubectl kopiur backup accept ${
      namesOf(newest).join(" ")
    } -n ${key.namespace}, or spec.accept: true on the Backup`;
  return { kind: "set", value: { type: CONDITION, status: "False", reason: "NotWhole", message } };
}

/** One Event for each source of which this is new. */
export function notWholeEvents(
  { status, spec: { retention } }: BackupConfigWorld,
  { odd }: Pick<RetentionChoice, "odd">,
  change: ConditionChange,
): readonly PlannedEvent[] {
  if (change.kind === "remove") return [];
  const isReported = findCondition(status.conditions, CONDITION)?.status === "False";
  const known = new Set(isReported ? status.retention?.notWhole?.snapshots.map(keyOf) : []);
  const isNew = newestOdd(retention, odd).some(({ snapshot: { path }, state }) =>
    !known.has(keyOf({ sourcePath: path, state }))
  );
  const note = change.value.message;
  return isNew ? [{ type: "Warning", reason: "NotWhole", action: "CheckSource", note }] : [];
}

function keyOf({ sourcePath, state }: Pick<NotWhole["snapshots"][number], "sourcePath" | "state">): string {
  return `${state} ${sourcePath}`;
}

/** Without a rule nothing is held back. */
function newestOdd(retention: Retention | undefined, odd: readonly Odd[]): readonly Odd[] {
  return keepsEverything(retention) ? [] : odd.filter(({ isNewest }) => isNewest).slice(0, NAMED);
}

function namesOf(odd: readonly Odd[]): readonly string[] {
  return [...new Set(odd.map(({ run: { name } }) => name))].slice(0, MOST_NAMED);
}

function textOf(odd: readonly Odd[]): string {
  const texts = odd.slice(0, MOST_NAMED).map(({ run: { name }, snapshot: { path }, state }) =>
    `of "${path}" is ${state} (Backup "${name}")`
  );
  const more = odd.length > MOST_NAMED ? ` and ${odd.length - MOST_NAMED} more` : "";
  return `The newest snapshot ${texts.join(", ")}${more}`;
}

function effectOf(heldBack: number): string {
  const rule = "It takes no place from older whole ones in retention";
  if (heldBack === 0) return rule;
  const stay = heldBack === 1 ? "1 Backup stays" : `${heldBack} Backups stay`;
  return `${rule}: ${stay} that would be deleted otherwise`;
}

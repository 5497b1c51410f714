import { WaitingError } from "../../api/errors.ts";
import { type DesiredObject, keyOf, keyText, type KubeObject } from "../types.ts";

const recheckSeconds = 60;
const goneSoonSeconds = 5;

/**
 * Returns the existing object with the name of a desired one, when an earlier pass made it but could not record that,
 * or no cache shows it yet: it must have the same controller and the same labels. Throws WaitingError
 * (NameTaken) when it is another object, or is being deleted.
 */
export function madeBefore(desired: DesiredObject, found: KubeObject): KubeObject {
  const what = `${desired.kind} ${keyText(keyOf(desired))}`;
  if (found.metadata.deletionTimestamp !== undefined) {
    const text = `Cannot create ${what}: one of that name is being deleted, expected it to be gone`;
    throw new WaitingError("NameTaken", text, goneSoonSeconds);
  }
  if (controllerUid(found) === controllerUid(desired) && hasLabelsOf(found, desired)) return found;
  const text = `Cannot create ${what}: another object has that name, expected none; delete it or rename it`;
  throw new WaitingError("NameTaken", text, recheckSeconds);
}

function controllerUid({ metadata }: Pick<DesiredObject, "metadata">): string | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;
}

function hasLabelsOf(found: KubeObject, { metadata: { labels = {} } }: DesiredObject): boolean {
  return Object.entries(labels).every(([key, value]) => found.metadata.labels?.[key] === value);
}

import { WaitingError } from "../../api/errors.ts";
import { type DesiredObject, keyOf, keyText, type KubeObject } from "../types.ts";

const recheckSeconds = 60;
const goneSoonSeconds = 5;

/**
 * The object that has the name of one that is to be made, when it is that very one: what a pass made that did not live
 * to tell, or that no cache shows yet. It has the same controller and the labels it is made with. Throws WaitingError
 * (NameTaken) when it is another one, or on its way out.
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

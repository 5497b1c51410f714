import { type Kopia, readUniqueId } from "../kopia/client.ts";
import { MoverError } from "../mover_error.ts";
import { pause } from "../pause.ts";

/**
 * The id of the repository this mover has just created, once it is known to have stayed. Another cluster may create in
 * the same storage: both find it empty, and the later write takes the place of the earlier one. Kopia reads the format
 * from the storage each time. Until this answers, nothing is saved under either key, so what is there then is whole and the
 * next bootstrap opens it. A write of the other that comes later still is not seen (decision 0036). Throws MoverError "CreationContested" when there was another.
 */
export async function settledId(kopia: Kopia): Promise<string> {
  const made = await read(kopia);
  kopia.log.debug("the new repository is left alone to settle", { seconds: kopia.settleSeconds });
  await pause(kopia.settleSeconds * 1000, kopia.process.signal);
  const found = await read(kopia);
  if (found !== made) throw contested({});
  return found;
}

/** After it was created with this very password, no other one is wrong with it. */
async function read(kopia: Kopia): Promise<string> {
  try {
    return await readUniqueId(kopia);
  } catch (error) {
    const isOthers = error instanceof MoverError &&
      (error.failureClass === "AuthFailure" || error.failureClass === "CreationContested");
    throw isOthers ? contested({ cause: error, tail: error.tail }) : error;
  }
}

function contested(options: { readonly cause?: MoverError; readonly tail?: readonly string[] }): MoverError {
  return new MoverError(
    "CreationContested",
    "Cannot create the repository: another was created in the same storage at the same moment and took its place; " +
      "nothing was saved, and the next try opens what is there",
    { ...options, nothingSaved: true },
  );
}

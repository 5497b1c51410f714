import { MOVER_EXIT, type MoverResult, RESULT_MAX_BYTES } from "../api/mover/contract.ts";
import { isRetryable } from "../api/catalogs/reasons.ts";

/** The exit code for a result. */
export function exitCodeOf(result: MoverResult): number {
  if (!("failure" in result)) return MOVER_EXIT.ok;
  return isRetryable(result.failure.class) ? MOVER_EXIT.retryable : MOVER_EXIT.terminal;
}

/**
 * A result as JSON of at most 4096 bytes of UTF-8. A result that is too long loses the oldest text of its tail,
 * the end of its message, or its last paths. Ids, numbers and the class are never cut.
 */
export function renderResult(result: MoverResult): string {
  const whole = JSON.stringify(result);
  if (fits(whole)) return whole;
  if ("failure" in result) return renderFailure(result);
  if ("backup" in result) return renderBackup(result);
  return whole;
}

/** Overwrites the file in place: the kubelet mounts it, so it must not be replaced by another file. */
export async function writeResult(path: string, rendered: string): Promise<void> {
  await Deno.writeTextFile(path, rendered);
}

function renderFailure(result: Extract<MoverResult, { readonly failure: unknown }>): string {
  const { failure } = result;
  const withTail = (tail: string) => JSON.stringify({ ...result, failure: { ...failure, tail } });
  const tail = longestFitting(failure.tail, (length) => withTail(lastCharacters(failure.tail, length)));
  if (tail !== undefined) return tail;
  const withMessage = (message: string) =>
    JSON.stringify({ ...result, failure: { ...failure, tail: "", message } });
  return longestFitting(failure.message, (length) => withMessage(firstCharacters(failure.message, length))) ??
    withMessage("");
}

function renderBackup(result: Extract<MoverResult, { readonly backup: unknown }>): string {
  const copy = structuredClone(result);
  const { unreadable, names } = copy.backup;
  const lists = [unreadable, names?.lost, names?.renamed].flatMap((each) =>
    each === undefined ? [] : [each.paths]
  );
  for (;;) {
    const text = JSON.stringify(copy);
    // Shorten the longest list first, so that every list keeps some paths.
    const longest = lists.toSorted((one, other) => other.length - one.length)[0];
    if (fits(text) || longest?.pop() === undefined) return text;
  }
}

/** The rendering with the longest part of the text that fits; undefined when it is too long even without the text. */
function longestFitting(text: string, render: (length: number) => string): string | undefined {
  let low = 0;
  let high = text.length;
  let best: string | undefined;
  while (low <= high) {
    const length = (low + high) >> 1;
    const rendered = render(length);
    if (fits(rendered)) {
      best = rendered;
      low = length + 1;
    } else high = length - 1;
  }
  return best;
}

function fits(text: string): boolean {
  return new TextEncoder().encode(text).length <= RESULT_MAX_BYTES;
}

/** Drops half a surrogate pair at the cut: it would become a replacement character. */
function lastCharacters(text: string, length: number): string {
  return length === 0 ? "" : text.slice(-length).replace(/^[\udc00-\udfff]/, "");
}

function firstCharacters(text: string, length: number): string {
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}

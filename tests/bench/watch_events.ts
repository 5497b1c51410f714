import { ApiClient, type ApiServer } from "../cluster/mod.ts";

/**
 * Hands on the events of a watch until the signal aborts, and resolves at once when it does: a body that is being
 * read does not always end with its request. Rejects when the watch ends by itself or an event is refused.
 */
export async function watchEvents(
  { url, caPem, admin }: ApiServer,
  path: string,
  take: (event: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new ApiClient({ url, caPem, credential: admin });
  const { promise: aborted, resolve } = Promise.withResolvers<"aborted">();
  signal.addEventListener("abort", () => resolve("aborted"), { once: true });
  const events = client.watch(path, signal);
  try {
    for (;;) {
      const next = events.next();
      // Nobody waits for it once the race is over.
      next.catch(() => undefined);
      const found = await Promise.race([aborted, next]);
      if (found === "aborted") return;
      if (found.done === true) {
        throw new Error(`Cannot watch ${path}: the watch ended, expected it to last`);
      }
      take(found.value);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    client.close();
  }
}

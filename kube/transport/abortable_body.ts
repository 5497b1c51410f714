/**
 * An answer whose body ends when the signal aborts. `fetch` promises the same, but Deno (2.6.10) holds the link from
 * the signal to the body weakly: after a garbage collection an abort no longer reaches a body that is being
 * read, and a watch would be neither stopped nor found silent.
 */
export function withAbortableBody(response: Response, signal: AbortSignal): Response {
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  return new Response(abortableBody(response.body, signal), { status, statusText, headers });
}

/**
 * The text of an answer; rejects with the signal's reason when that aborts first. Reads natively: chunk by chunk
 * through a stream of ours a list page would cost three times the memory.
 */
export function abortableText(response: Response, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    function onAbort(): void {
      reject(signal.reason);
    }
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    response.text().then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

function abortableBody(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let onAbort: () => void;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      onAbort = () => {
        controller.error(signal.reason);
        // The connection goes with it; what became of it concerns nobody any more.
        reader.cancel(signal.reason).catch(() => undefined);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (signal.aborted) return;
        if (!done) return controller.enqueue(value);
        signal.removeEventListener("abort", onAbort);
        controller.close();
      } catch (error) {
        signal.removeEventListener("abort", onAbort);
        throw error;
      }
    },
    cancel(reason) {
      signal.removeEventListener("abort", onAbort);
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/**
 * A response whose body ends when the signal aborts. `fetch` promises the same, but in Deno (2.6.10) the link from
 * the signal to the body is weak: after a garbage collection an abort no longer reaches a body that is being
 * read, so a watch could neither be stopped nor time out.
 */
export function withAbortableBody(response: Response, signal: AbortSignal): Response {
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  return new Response(abortableBody(response.body, signal), { status, statusText, headers });
}

/**
 * The text of a response; rejects with the signal's reason when that aborts first. Uses the native reader: a stream
 * of our own would need three times the memory for a list page.
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
        // This closes the connection; its errors do not matter any more.
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

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

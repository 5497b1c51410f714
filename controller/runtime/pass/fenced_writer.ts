import type { Writer } from "../../../kube/types.ts";

/** Thrown instead of a write when this process may not write any more; nothing was sent. */
export class Fenced extends Error {
  constructor() {
    super("Cannot write: the lease is not held any more, expected to lead");
    this.name = "Fenced";
  }
}

/**
 * A writer that checks before each write that this process leads, and sends nothing when it does not. A process that
 * was suspended longer than its lease continues in the middle of a pass, before its elector notices.
 */
export function fencedWriter(writer: Writer, isLeader: () => boolean): Writer {
  function ask<T>(write: () => Promise<T>): Promise<T> {
    return isLeader() ? write() : Promise.reject(new Fenced());
  }
  return {
    create: (object, signal) => ask(() => writer.create(object, signal)),
    remove: (removal, signal) => ask(() => writer.remove(removal, signal)),
    annotate: (annotating, signal) => ask(() => writer.annotate(annotating, signal)),
    replaceStatus: (object, status, signal) => ask(() => writer.replaceStatus(object, status, signal)),
    setFinalizer: (object, finalizer, wanted, signal) =>
      ask(() => writer.setFinalizer(object, finalizer, wanted, signal)),
  };
}

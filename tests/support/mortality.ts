import { TransientError } from "../../api/mod.ts";
import type { Writer } from "../../kube/types.ts";
import type { FakeKube } from "./fake_kube.ts";

/** A controller that dies at its n-th write: that one and all after it do not happen. */
export class Mortality {
  /** Writes it lives to see. */
  writesLeft = Number.POSITIVE_INFINITY;

  /** The writer of that controller. */
  writer(kube: FakeKube): Writer {
    return {
      create: (object, signal) => this.#live(() => kube.create(object, signal)),
      annotate: (annotating, signal) => this.#live(() => kube.annotate(annotating, signal)),
      remove: (removal, signal) => this.#live(() => kube.remove(removal, signal)),
      replaceStatus: (object, status, signal) => this.#live(() => kube.replaceStatus(object, status, signal)),
      setFinalizer: (object, finalizer, wanted, signal) =>
        this.#live(() => kube.setFinalizer(object, finalizer, wanted, signal)),
    };
  }

  #live<T>(write: () => Promise<T>): Promise<T> {
    if (this.writesLeft <= 0) {
      return Promise.reject(new TransientError("KubeApiError", "the controller is dead"));
    }
    this.writesLeft -= 1;
    return write();
  }
}

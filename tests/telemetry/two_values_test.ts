import { deepEqual } from "node:assert/strict";
import { Guard } from "../../controller/runtime/guard.ts";
import { FakeTransport, FakeWatch } from "../../kube/fake_transport.ts";
import { ListWatchInformer } from "../../kube/informer.ts";
import { Queue, RESOURCES, RETRY_BACKOFF } from "../../kube/mod.ts";
import { FakeClock, settle, startTelemetryProbe, type TelemetryProbe } from "../support/mod.ts";
import { readExposition } from "./received.ts";
import { provoked } from "./two_values.ts";

const never = new AbortController().signal;

/** Values by the name of the metric, as its scrapes showed them. */
class SeenValues {
  readonly #values = new Map<string, Set<number>>();

  async scrape({ telemetry }: TelemetryProbe): Promise<void> {
    for (const [series, value] of readExposition(await telemetry.renderMetrics())) {
      const name = series.replace(/\{.*/, "");
      this.#values.set(name, (this.#values.get(name) ?? new Set()).add(value));
    }
  }

  /** Those of the names that took fewer than two values. */
  still(names: readonly string[]): readonly string[] {
    return names.filter((name) => (this.#values.get(name)?.size ?? 0) < 2);
  }
}

Deno.test("the metrics a healthy controller hardly ever moves move when there is a reason", async () => {
  const clock = new FakeClock();
  const probe = startTelemetryProbe(clock);
  const { log, metrics, state } = probe.telemetry;
  const seen = new SeenValues();

  const guard = new Guard({ log, metrics });
  guard.precreate("Backup");
  const queue = new Queue({ name: "Backup", clock, random: () => 0.5, backoff: RETRY_BACKOFF, metrics });
  state.registerProcess(() => queue.samples());
  const transport = new FakeTransport(({ verb }, signal) =>
    verb === "list" ? { metadata: { resourceVersion: "1" }, items: [] } : new FakeWatch(signal).stream
  );
  const informer = new ListWatchInformer(
    { resource: RESOURCES.pod },
    { transport, clock, random: () => 0.5, log, metrics },
  );
  state.registerProcess(() => informer.samples());
  await seen.scrape(probe);

  guard.samples("Backup", () => {
    throw new Error("a defect");
  });
  queue.add({ namespace: "apps", name: "taken" }, "spec");
  queue.add({ namespace: "apps", name: "waiting" }, "spec");
  await queue.take(never);
  await clock.advance(3);
  const stop = new AbortController();
  informer.start(stop.signal);
  await settle();
  await seen.scrape(probe);
  stop.abort();
  await informer.ended;
  deepEqual(seen.still(provoked), []);
});

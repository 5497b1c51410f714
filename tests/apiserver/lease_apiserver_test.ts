import assert from "node:assert/strict";
import { type LeaderElector, RESOURCES } from "../../kube/mod.ts";
import { waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { CuttableRelay } from "./cuttable_relay.ts";
import { at, connectTo, serverParts, soon, withServer } from "./stage.ts";

const key = { namespace: "default", name: "kopiur" };
const quick = { leaseDurationSeconds: 3, renewDeadlineSeconds: 2, retryPeriodSeconds: 0.3 };

interface Candidate {
  readonly elector: LeaderElector;
  readonly stop: AbortController;
}

function leads({ elector }: Candidate, limitSeconds: number): Promise<boolean> {
  return waitUntil(() => elector.isLeader() || undefined, { what: "leadership", limitSeconds, everyMs: 10 });
}

partTest({
  name:
    "LeaderElector lets one of two lead; the other follows at once after a release, and after the lease ran out",
  parts: serverParts,
  fn: () =>
    withServer(async (server) => {
      using relay = new CuttableRelay(server.address, 6443);
      await using one = await connectTo(server, { connection: { server: relay.url } });
      await using two = await connectTo(server);
      const candidate = (connected: typeof one, identity: string): Candidate => {
        const elector = connected.cluster.createLeaderElector({ key, identity, ...quick });
        const stop = new AbortController();
        elector.start(stop.signal);
        return { elector, stop };
      };
      const lease = async () => (await two.cluster.reader.read(RESOURCES.lease, key, soon()))?.spec;

      const a = candidate(one, "a");
      await leads(a, 10);
      const b = candidate(two, "b");
      await new Promise((resolve) => setTimeout(resolve, 4000));
      assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [true, false]);
      assert.deepEqual([at(await lease(), "holderIdentity"), at(await lease(), "leaseTransitions")], [
        "a",
        0,
      ]);

      // Released on stop, as on SIGTERM: nobody has to wait for it to run out.
      a.stop.abort();
      await a.elector.ended;
      const releasedMs = performance.now();
      await leads(b, 10);
      assert.ok(performance.now() - releasedMs < 2500);
      assert.deepEqual([at(await lease(), "holderIdentity"), at(await lease(), "leaseTransitions")], [
        "b",
        1,
      ]);
      b.stop.abort();
      await b.elector.ended;

      // Cut off: the holder gives up before the other takes over.
      const c = candidate(one, "c");
      await leads(c, 10);
      const d = candidate(two, "d");
      relay.cut();
      const lost = await c.elector.lost;
      assert.match(lost.message, /it was not renewed for/);
      assert.deepEqual([c.elector.isLeader(), d.elector.isLeader()], [false, false]);
      await leads(d, 15);
      d.stop.abort();
      await Promise.all([c.elector.ended, d.elector.ended]);
    }),
});

import assert from "node:assert/strict";
import { metricEntry, metricNames } from "./catalog/mod.ts";
import { SilentZeros } from "./silent_zeros.ts";
import { type Sample, StateProducer } from "./state_metrics.ts";

const minute = 60_000;
const name = "kopiur_backup_consecutive_incomplete";
const photos = { namespace: "media", name: "photos" };
const films = { namespace: "media", name: "films" };

Deno.test("SilentZeros tells a zero only for ten minutes after it fell", () => {
  const zeros = new SilentZeros();
  const at = (minutes: number, value: number) => zeros.tells(name, photos, value, minutes * minute);
  assert.equal(at(0, 0), false, "it never was anything else");
  assert.equal(at(1, 2), true);
  assert.equal(at(60, 0), true, "it falls");
  assert.equal(at(69, 0), true, "and a reader that comes later sees that too");
  assert.equal(zeros.tells(name, films, 0, 61 * minute), false, "it is another series");
  assert.equal(at(70, 0), false);
  assert.equal(at(71, 1), true);
  assert.equal(at(72, 0), true, "it falls again");
});

Deno.test("SilentZeros tells every zero of the other gauges", () => {
  assert.equal(new SilentZeros().tells("kopiur_backup_consecutive_failures", photos, 0, 0), true);
});

Deno.test("SilentZeros remembers what rose and is still there, and nothing else", () => {
  const zeros = new SilentZeros();
  for (let index = 0; index < 100; index++) {
    zeros.tells(name, { ...photos, name: `r${index}` }, index < 3 ? 1 : 0, 0);
  }
  assert.equal(zeros.size, 3);
  zeros.tells(name, { ...photos, name: "r0" }, 1, 9 * minute);
  zeros.sweep(11 * minute);
  assert.equal(zeros.size, 1, "two recipes are gone");
  zeros.tells(name, { ...photos, name: "r0" }, 0, 12 * minute);
  zeros.tells(name, { ...photos, name: "r0" }, 0, 22 * minute);
  assert.equal(zeros.size, 0);
});

Deno.test("StateProducer leaves silent zeros out for each reader, and shows each the fall", async () => {
  let nowMs = 0;
  let value = 1;
  const state = new StateProducer(() => nowMs);
  state.setActive(true);
  state.register((): Sample[] => [{ name, labels: photos, value }, { name, labels: films, value: 0 }]);
  const read = async () => {
    const { resourceMetrics } = await state.collect();
    return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
      .flatMap(({ dataPoints }) => dataPoints.map((point) => `${point.attributes["name"]} ${point.value}`));
  };
  assert.deepEqual(await read(), ["photos 1"]);
  value = 0;
  assert.deepEqual(await read(), ["photos 0"]);
  nowMs = 9 * minute;
  assert.deepEqual([await read(), await read()], [["photos 0"], ["photos 0"]]);
  nowMs = 10 * minute;
  assert.deepEqual(await read(), []);
});

Deno.test("the catalog leaves out no zero of a promised metric, and says of each that it does", () => {
  const silent = metricNames().filter((each) => metricEntry(each).zero === "absent");
  assert.ok(silent.length > 0);
  for (const each of silent) {
    const { instrument, scope, promised, help } = metricEntry(each);
    assert.deepEqual([instrument, scope, promised], ["gauge", "object", undefined], each);
    assert.match(help, /; absent while 0\.$/, each);
  }
});

/** Our text against OpenTelemetry's own serializer, which reads the same samples as data points, as OTLP does. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { type MetricProducer, MetricReader } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { type CounterName, type HistogramName, metricEntry, metricNames } from "./catalog/mod.ts";
import { Instruments } from "./instruments.ts";
import { ObjectSeries } from "./object_series.ts";
import { PullReader } from "./prometheus.ts";
import { type Sample, StateProducer } from "./state_metrics.ts";

/** Reads as the OTLP export does and writes as OpenTelemetry does. */
class OpenTelemetryReader extends MetricReader {
  constructor(producers: readonly MetricProducer[]) {
    super({ metricProducers: [...producers] });
  }

  async text(): Promise<string> {
    const { resourceMetrics } = await this.collect();
    return new PrometheusSerializer("", false, undefined, false, true).serialize(resourceMetrics);
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function bothReaders() {
  const objectSeries = new ObjectSeries(() => 0, { most: 100, onFold: () => {} });
  const state = new StateProducer(() => 0);
  const faults: string[] = [];
  const onFault = (fault: unknown) => void faults.push(String(fault));
  const ours = new PullReader([objectSeries, state], onFault);
  const theirs = new OpenTelemetryReader([objectSeries, state]);
  const resource = resourceFromAttributes({ "service.name": 'a"b\\c\nd', "k8s.pod.name": "pod-1" });
  const metrics = new Instruments({ resource, readers: [ours, theirs], objectSeries, onFault });
  return { metrics, state, ours, theirs, faults };
}

type Readers = ReturnType<typeof bothReaders>;

/** The same bytes, for a lone half of a surrogate pair becomes another character only when it is encoded. */
async function assertSame({ ours, theirs }: Readers): Promise<void> {
  const want = new TextEncoder().encode(await theirs.text());
  const got = await ours.renderInto((text) => text.slice());
  assert.equal(new TextDecoder().decode(got), new TextDecoder().decode(want));
  assert.ok(Buffer.from(got).equals(want), "the texts are the same, their bytes are not");
}

/** What a series of the property consists of; labels beyond those of its metric are not taken. */
interface Told {
  readonly texts: readonly string[];
  /** Of a gauge. */
  readonly value: number;
  /** By which counters and histograms grow. */
  readonly amount: number;
}

/** One series of every metric of the catalog, with these label values where the metric has no list of its own. */
function record({ metrics, state }: Readers, { texts, value, amount }: Told): () => void {
  const samples: Sample[] = [];
  for (const name of metricNames()) {
    const { instrument, labels } = metricEntry(name);
    // The table is walked as data here, so the compiler cannot know which labels go with which name.
    const series = Object.fromEntries(
      Object.entries(labels).map(([label, allowed], index) => [
        label,
        allowed === "open" ? texts[index % texts.length] : allowed[0],
      ]),
    ) as never;
    if (instrument === "counter") metrics.add(name as CounterName, amount, series);
    if (instrument === "histogram") metrics.record(name as HistogramName, amount, series);
    if (instrument === "gauge" || instrument === "observed_counter") {
      samples.push({ name, labels: series, value } as Sample);
    }
  }
  return state.register(() => samples);
}

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\\", '"', "\n", "\r", "{", "}", " ", ",", "é", "😀", "\ud800", "a") }),
  fc.constant("x".repeat(5000) + '"ü\\'),
);

Deno.test("Exposition is byte for byte what OpenTelemetry writes of the whole catalog", async () => {
  const reported = fc.record({
    texts: fc.array(hostile, { minLength: 1, maxLength: 4 }),
    // Two readers that collect at different times add up in a different order, so sums have to be exact.
    amount: fc.oneof(
      fc.nat().map((nat) => nat / 1024),
      fc.constantFrom(0, 1, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY),
    ),
  });
  // One for all: a series that is 0 and not 0 in one reading is reported as risen by the next reader alone.
  const gauged = fc.oneof(
    fc.double(),
    fc.constantFrom(0, -0, 1e21, 5e-324, Number.MAX_VALUE, 1.8e9, Number.NaN, Number.POSITIVE_INFINITY),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(reported, { maxLength: 4 }), gauged, async (all, value) => {
      const readers = bothReaders();
      readers.state.setActive(true);
      await assertSame(readers);
      for (const each of all) record(readers, { ...each, value });
      // Twice, for the second text is written over the first.
      await assertSame(readers);
      await assertSame(readers);
    }),
    { numRuns: 30 },
  );
});

Deno.test("Exposition is what OpenTelemetry writes when series and families come and go", async () => {
  const readers = bothReaders();
  const ends = Array.from(
    { length: 50 },
    (_, run) => record(readers, { texts: [`run-${run}`], value: run, amount: run }),
  );
  for (const isActive of [false, true, false, true]) {
    readers.state.setActive(isActive);
    await assertSame(readers);
  }
  for (const end of ends) {
    end();
    await assertSame(readers);
  }
  readers.state.register(() => [{ name: "kopiur_leader", labels: {}, value: 1 }]);
  await assertSame(readers);
});

Deno.test("Exposition keeps nothing of a source that throws in the middle, nor its place among families", async () => {
  const readers = bothReaders();
  const labels = { namespace: "apps", name: "photos" };
  readers.state.registerProcess((): Sample[] => [{ name: "kopiur_backup_files", labels, value: 1 }]);
  readers.state.registerProcess(function* (): Iterable<Sample> {
    yield { name: "kopiur_leader", labels: {}, value: 1 };
    yield { name: "kopiur_backup_files", labels: { ...labels, name: "lost" }, value: 2 };
    throw new Error("a defect");
  });
  readers.state.registerProcess((): Sample[] => [
    { name: "kopiur_backup_size_bytes", labels, value: 3 },
    { name: "kopiur_leader", labels: {}, value: 0 },
  ]);
  await assertSame(readers);
  assert.deepEqual(readers.faults, ["Error: a defect"]);
  assert.match(
    await readers.ours.render(),
    /photos"\} 1\n# HELP kopiur_backup_size_bytes[^]*photos"\} 3\n# HELP kopiur_leader[^]*\nkopiur_leader 0\n$/,
  );
});

Deno.test("renderInto() gives renderings that overlap a text each", async () => {
  const readers = bothReaders();
  let value = 0;
  readers.state.registerProcess((): Sample[] => [{ name: "kopiur_leader", labels: {}, value: value++ }]);
  const texts = await Promise.all(Array.from({ length: 5 }, () => readers.ours.render()));
  assert.deepEqual(texts.map((text) => text.match(/^kopiur_leader (\d)$/m)?.[1]), ["0", "1", "2", "3", "4"]);
});

/**
 * What unit tests of several folders share: a cluster in memory, a clock that stands still, telemetry that
 * writes to memory, and builders of objects that show only what matters.
 */
export { aKind, aPlan } from "./a_kind.ts";
export * from "./builders.ts";
export { FakeCluster, type FakeElector, type FakeInformer } from "./fake_cluster.ts";
export { FakeClock, settle } from "./fake_clock.ts";
export { type FakeChange, FakeKube, type FakeWrite, refusal } from "./fake_kube.ts";
export { Mortality } from "./mortality.ts";
export { readerOver } from "./reader_over.ts";
export { type CapturedLine, startTelemetryProbe, type TelemetryProbe } from "./telemetry_probe.ts";

import assert from "node:assert/strict";
import { FakeClock, settle } from "../../tests/support/mod.ts";
import { type Loaded, PolledCredentials } from "./polled_credentials.ts";

const never = new AbortController().signal;

function loaded(token: string, goodForSeconds = 60): Loaded {
  return { credentials: { headers: { authorization: token }, caCerts: [] }, goodForSeconds };
}

function setUp() {
  const clock = new FakeClock();
  const state = { next: loaded("one") as Loaded | Error | Promise<Loaded>, loads: 0 };
  const source = new PolledCredentials(
    () => {
      state.loads++;
      return state.next instanceof Error ? Promise.reject(state.next) : Promise.resolve(state.next);
    },
    clock,
    "the test",
  );
  const token = async () => (await source.current(never)).headers.authorization;
  return { clock, state, source, token };
}

Deno.test("PolledCredentials reads once while what it read is good, however many ask", async () => {
  const { clock, state, token } = setUp();
  assert.deepEqual(await Promise.all([token(), token(), token()]), ["one", "one", "one"]);
  state.next = loaded("two");
  await clock.advance(59_000);
  assert.deepEqual([await token(), state.loads], ["one", 1]);
  await clock.advance(1000);
  assert.deepEqual([await token(), await token(), state.loads], ["two", "two", 2]);
});

Deno.test("PolledCredentials keeps the former credentials while new ones cannot be read", async () => {
  const { clock, state, source, token } = setUp();
  await token();
  state.next = new Error("half a file");
  await clock.advance(60_000);
  assert.deepEqual([await token(), await token(), state.loads], ["one", "one", 2]);
  state.next = loaded("two");
  await clock.advance(5000);
  assert.equal(await token(), "two");
  state.next = new Error("half a file");
  await assert.rejects(source.refresh(await source.current(never), never), /half a file/);
});

Deno.test("PolledCredentials says why when there are none yet", async () => {
  const { state, token } = setUp();
  state.next = new Error("no file");
  await assert.rejects(token(), /no file/);
  state.next = loaded("one");
  assert.equal(await token(), "one");
});

Deno.test("PolledCredentials.refresh() reads once for all that were refused", async () => {
  const { state, source } = setUp();
  const refused = await source.current(never);
  state.next = loaded("two");
  const fresh = await Promise.all([source.refresh(refused, never), source.refresh(refused, never)]);
  assert.deepEqual([fresh.map((each) => each.headers.authorization), state.loads], [["two", "two"], 2]);
  await source.refresh(refused, never);
  assert.equal(state.loads, 2, "they were renewed since");
});

Deno.test("PolledCredentials lets go of a caller that aborts, and bounds a reading that hangs", async () => {
  const { clock, state, source, token } = setUp();
  state.next = Promise.withResolvers<Loaded>().promise;
  const controller = new AbortController();
  const aborted = source.current(controller.signal);
  const patient = token();
  controller.abort(new Error("stop"));
  await assert.rejects(aborted, /stop/);
  const failed = assert.rejects(patient, /no answer within 60 s/);
  await clock.advance(60_000);
  await failed;
  state.next = loaded("one");
  assert.equal(await token(), "one");
  await settle();
  assert.equal(clock.pending, 0);
});

Deno.test("PolledCredentials goes on with former credentials while new ones take their time, and then takes those", async () => {
  const { clock, state, token } = setUp();
  await token();
  const slow = Promise.withResolvers<Loaded>();
  state.next = slow.promise;
  await clock.advance(60_000);
  for (let turn = 0; turn < 3; turn++) {
    const asked = token();
    await clock.advance(1000);
    assert.equal(await asked, "one");
  }
  assert.equal(state.loads, 2, "one is at work");
  slow.resolve(loaded("two"));
  await settle();
  assert.deepEqual([await token(), state.loads], ["two", 2]);
  assert.equal(clock.pending, 0);
});

Deno.test("PolledCredentials rests after a slow failure nobody waited for", async () => {
  const { clock, state, token } = setUp();
  await token();
  const slow = Promise.withResolvers<Loaded>();
  state.next = slow.promise;
  await clock.advance(60_000);
  const asked = token();
  await clock.advance(1000);
  assert.equal(await asked, "one");
  slow.reject(new Error("no plugin"));
  await settle();
  assert.deepEqual([await token(), state.loads], ["one", 2]);
  await clock.advance(5000);
  state.next = loaded("two");
  assert.deepEqual([await token(), state.loads], ["two", 3]);
});

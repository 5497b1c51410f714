import assert from "node:assert/strict";
import { HealthChecks } from "./health.ts";
import { acceptsGzip, createHandler, type Handler, startServer } from "./http.ts";
import { createLog, lineOutput } from "./logs/log.ts";
import { parseLogFilter } from "./logs/filter.ts";
import { Redactor } from "./redact.ts";

function setup(
  renderMetrics: () => Promise<string> = () => Promise.resolve("metric 1\n"),
  level = "info",
  clock = () => 0,
) {
  const health = new HealthChecks();
  const redactor = new Redactor();
  const lines: string[] = [];
  const log = createLog({
    filter: parseLogFilter(level).filter,
    redactor,
    clock: () => 0,
    outputs: [lineOutput((line) => void lines.push(line), { kind: "text", color: false })],
    activeTrace: () => undefined,
  });
  const handler = createHandler({
    health,
    renderMetrics: async (use) => use(new TextEncoder().encode(await renderMetrics())),
    redactor,
    log,
    clock,
  });
  return { health, redactor, lines, log, handler };
}

async function ask(handler: Handler, path: string, init?: RequestInit) {
  const response = await handler(new Request(`http://pod:8080${path}`, init));
  return { status: response.status, headers: response.headers, body: await response.text() };
}

Deno.test("/metrics answers with the text in the type Prometheus asks for", async () => {
  const { status, headers, body } = await ask(setup().handler, "/metrics?x=y");
  assert.deepEqual([status, body], [200, "metric 1\n"]);
  assert.equal(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("/metrics is packed when gzip is accepted", async () => {
  const { handler } = setup();
  const request = new Request("http://pod/metrics", {
    headers: { "accept-encoding": "deflate, gzip;q=0.5" },
  });
  const response = await handler(request);
  assert.equal(response.headers.get("content-encoding"), "gzip");
  const unpacked = response.body?.pipeThrough(new DecompressionStream("gzip"));
  assert.equal(await new Response(unpacked ?? null).text(), "metric 1\n");
});

Deno.test("/metrics renders once for all who ask at a time, and for ten times as long as that took", async () => {
  let [nowMs, rendered] = [0, 0];
  const { handler } = setup(
    async () => {
      await Promise.resolve();
      nowMs += 60;
      return `metric ${++rendered}\n`;
    },
    "info",
    () => nowMs,
  );
  const scrape = async () => (await ask(handler, "/metrics")).body;
  assert.deepEqual(await Promise.all(Array.from({ length: 50 }, scrape)), Array(50).fill("metric 1\n"));
  nowMs += 599;
  assert.equal(await scrape(), "metric 1\n");
  nowMs += 1;
  assert.equal(await scrape(), "metric 2\n");
});

Deno.test("/metrics renders again after a failure", async () => {
  let isBroken = true;
  const { handler } = setup(() => isBroken ? Promise.reject(new Error("no")) : Promise.resolve("metric 1\n"));
  assert.equal((await ask(handler, "/metrics")).status, 500);
  isBroken = false;
  assert.equal((await ask(handler, "/metrics")).body, "metric 1\n");
});

Deno.test("acceptsGzip() reads the weights", () => {
  const cases: Readonly<Record<string, boolean>> = {
    gzip: true,
    "GZIP ; q=1": true,
    "br, gzip;q=0.001": true,
    "gzip;q=0": false,
    "gzip;q=0.000": false,
    "*": false,
    identity: false,
    xgzip: false,
    "": false,
  };
  for (const [header, want] of Object.entries(cases)) assert.equal(acceptsGzip(header), want, header);
  assert.equal(acceptsGzip(null), false);
});

Deno.test("/healthz and /readyz say why, without secrets", async () => {
  const { handler, health, redactor } = setup();
  assert.equal((await ask(handler, "/healthz")).status, 200);
  assert.equal((await ask(handler, "/readyz")).status, 503);
  redactor.remember("hunter22");
  health.register("ready", "informers", () => ({ ok: false, reason: "cannot list with hunter22" }));
  const { status, body, headers } = await ask(handler, "/readyz");
  assert.deepEqual([status, body], [503, "not ok\n[-] informers: cannot list with [redacted]\n"]);
  assert.equal(headers.get("cache-control"), "no-store");
});

Deno.test("the handler knows HEAD, and refuses other methods and paths", async () => {
  const { handler } = setup();
  for (const path of ["/metrics", "/healthz"]) {
    const { status, body } = await ask(handler, path, { method: "HEAD" });
    assert.deepEqual([status, body], [200, ""]);
  }
  const post = await ask(handler, "/metrics", { method: "POST", body: "x" });
  assert.deepEqual([post.status, post.headers.get("allow")], [405, "GET, HEAD"]);
  for (const path of ["/", "/metrics/", "/metric", "/constructor", "/__proto__", "//metrics", "/%6Detrics"]) {
    assert.equal((await ask(handler, path)).status, 404, path);
  }
});

Deno.test("/metrics answers 500 and logs when the text cannot be made", async () => {
  const { handler, lines } = setup(() => Promise.reject(new Error("reader is gone")));
  assert.deepEqual((await ask(handler, "/metrics")).status, 500);
  assert.match(lines.join(""), /ERROR kopiur: metrics could not be rendered error="reader is gone"/);
});

Deno.test("the handler says nothing of probes above debug", async () => {
  const quiet = setup();
  await ask(quiet.handler, "/healthz");
  assert.deepEqual(quiet.lines, []);
  const loud = setup(undefined, "debug");
  await ask(loud.handler, "/healthz");
  assert.match(loud.lines.join(""), /DEBUG kopiur: served path=\/healthz status=200/);
});

Deno.test("startServer() serves, names a busy port, and frees it", async () => {
  const { handler, log, lines } = setup();
  const server = startServer(handler, { hostname: "127.0.0.1", port: 0 }, log);
  const address = { hostname: "127.0.0.1", port: server.port };
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  assert.equal(await response.text(), "metric 1\n");
  assert.throws(
    () => startServer(handler, address, log),
    { message: `Cannot listen on "127.0.0.1:${server.port}": the port is in use, expected a free one` },
  );
  await server.shutdown();
  await startServer(handler, address, log).shutdown();
  assert.match(lines[0] ?? "", /INFO kopiur: listening hostname=127\.0\.0\.1 port=\d+/);
});

Deno.test("startServer() says when the address is not of this host", () => {
  const { handler, log } = setup();
  assert.throws(
    () => startServer(handler, { hostname: "192.0.2.1", port: 0 }, log),
    /Cannot listen on "192\.0\.2\.1:0": .*, expected/,
  );
});

/** A kernel without IPv6, as `ipv6.disable=1` makes it; the text is the runtime's own. */
function withoutIpv6(options: Deno.ServeTcpOptions, handler: Handler): Deno.HttpServer<Deno.NetAddr> {
  if (options.hostname?.includes(":")) {
    const error = new Error("Address family not supported by protocol (os error 97)");
    throw Object.assign(error, { code: "EAFNOSUPPORT" });
  }
  return Deno.serve(options, handler);
}

async function statusAt(url: string): Promise<number> {
  const response = await fetch(url);
  await response.body?.cancel();
  return response.status;
}

Deno.test("startServer() on every address answers by IPv4 and by IPv6", async () => {
  const { handler, log } = setup();
  const server = startServer(handler, { hostname: "::", port: 0 }, log);
  try {
    assert.equal(await statusAt(`http://127.0.0.1:${server.port}/healthz`), 200);
    assert.equal(await statusAt(`http://[::1]:${server.port}/healthz`), 200);
  } finally {
    await server.shutdown();
  }
});

Deno.test("startServer() on every address means IPv4 where there is no IPv6", async () => {
  const { handler, log, lines } = setup();
  const server = startServer(handler, { hostname: "::", port: 0 }, log, withoutIpv6);
  try {
    assert.equal(await statusAt(`http://127.0.0.1:${server.port}/healthz`), 200);
  } finally {
    await server.shutdown();
  }
  assert.match(lines.join(""), /no IPv6 here, so only IPv4 is served/);
  assert.throws(
    () => startServer(handler, { hostname: "fd00::1", port: 80 }, log, withoutIpv6),
    /Cannot listen on "\[fd00::1\]:80": Address family not supported/,
  );
});

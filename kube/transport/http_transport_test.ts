import assert from "node:assert/strict";
import { TransientError } from "../../api/mod.ts";
import { type CertificateAuthority, createCertificateAuthority } from "../../tests/cluster/mod.ts";
import { errorChain } from "../../telemetry/mod.ts";
import { FakeClock, startTelemetryProbe } from "../../tests/support/mod.ts";
import { withRuntimeVariables } from "../../tests/support/runtime_variables.ts";
import type { KubeClock } from "../clock.ts";
import type { ConnectionInfo, Credentials } from "../access/connection.ts";
import { isNotFound } from "../errors.ts";
import { HttpTransport } from "./http_transport.ts";
import { RESOURCES } from "../resources.ts";
import { ServerClock } from "./server_clock.ts";
import { startInsecureRelay } from "./insecure_relay.ts";

const never = new AbortController().signal;
const key = { namespace: "apps", name: "db" };
const get = { verb: "get", resource: RESOURCES.pod, target: { key } } as const;
const watch = { verb: "watch", resource: RESOURCES.pod } as const;

type Handle = (request: Request, remotePort: number) => Response | Promise<Response>;

interface Stage {
  readonly transport: HttpTransport;
  readonly clock: FakeClock;
  readonly probe: ReturnType<typeof startTelemetryProbe>;
  readonly port: number;
  /** Delays of the timers the transport has set, in order. */
  readonly delays: readonly number[];
  /** Tokens the server has seen, in order. */
  readonly tokens: (string | null)[];
  readonly serverClock: ServerClock;
}

interface StageOptions {
  readonly handle: Handle;
  /** Serve by TLS with a certificate for this name. */
  readonly tls?: { readonly authority: CertificateAuthority; readonly name: string };
  readonly connection?: (port: number) => Partial<ConnectionInfo>;
  readonly caCerts?: readonly string[];
}

/** A transport to a server of the test. Each refreshed credential has another token. */
async function withStage(options: StageOptions, use: (stage: Stage) => Promise<void>): Promise<void> {
  const tokens: (string | null)[] = [];
  const pair = await options.tls?.authority.issue({ commonName: "server", dnsNames: [options.tls.name] });
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      ...(pair === undefined ? {} : { cert: pair.certPem, key: pair.keyPem }),
    },
    (request, info) => {
      tokens.push(request.headers.get("authorization"));
      return options.handle(request, info.remoteAddr.port);
    },
  );
  const { port } = server.addr;
  let turn = 0;
  const make = (): Credentials => ({
    headers: { authorization: `Bearer t${turn}` },
    caCerts: options.caCerts ?? [],
  });
  let known = make();
  const connection: ConnectionInfo = {
    server: `${pair === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    description: "test",
    namespace: "default",
    credentials: {
      current: () => Promise.resolve(known),
      refresh: () => {
        turn++;
        known = make();
        return Promise.resolve(known);
      },
    },
    ...options.connection?.(port),
  };
  const clock = new FakeClock();
  const probe = startTelemetryProbe(clock);
  const delays: number[] = [];
  const timed: KubeClock = {
    epochMs: clock.epochMs,
    monotonicMs: clock.monotonicMs,
    setTimer: (delayMs, callback) => {
      delays.push(delayMs);
      return clock.setTimer(delayMs, callback);
    },
  };
  const serverClock = new ServerClock(clock);
  const transport = new HttpTransport(connection, {
    clock: timed,
    random: () => 0.5,
    telemetry: probe.telemetry,
    serverClock,
  });
  try {
    await use({ transport, clock, probe, port, delays, tokens, serverClock });
    assert.equal(clock.pending, 0, "timers are left");
  } finally {
    transport.close();
    await server.shutdown();
  }
}

function json(value: unknown, init?: ResponseInit): Response {
  return Response.json(value, init);
}

function statusOf(code: number, message: string, headers: Record<string, string> = {}): Response {
  return json({ kind: "Status", code, message }, { status: code, headers });
}

Deno.test("HttpTransport.send() sends what is asked and tells it as span, counter and duration", async () => {
  let seen: Request | undefined;
  let body = "";
  const handle = async (request: Request) => {
    seen = request;
    body = await request.text();
    return json({ metadata: { name: "db" } });
  };
  await withStage({ handle }, async ({ transport, probe, port }) => {
    const query = { fieldManager: "a/b", force: "true" };
    assert.deepEqual(await transport.send({ ...get, verb: "patch", query, body: { a: 1 } }, never), {
      metadata: { name: "db" },
    });
    assert.equal(new URL(seen?.url ?? "").pathname, "/api/v1/namespaces/apps/pods/db");
    assert.equal(new URL(seen?.url ?? "").search, "?fieldManager=a%2Fb&force=true");
    assert.deepEqual(
      [
        seen?.method,
        seen?.headers.get("content-type"),
        seen?.headers.get("accept"),
        seen?.headers.get("user-agent"),
        body,
      ],
      ["PATCH", "application/merge-patch+json", "application/json", "kopiur", '{"a":1}'],
    );
    const [span] = probe.spans();
    assert.equal(span?.name, "PATCH /api/v1/namespaces/{namespace}/pods/{name}");
    assert.deepEqual(span?.attributes, {
      "http.request.method": "PATCH",
      "url.template": "/api/v1/namespaces/{namespace}/pods/{name}",
      "url.path": "/api/v1/namespaces/apps/pods/db",
      "server.address": "127.0.0.1",
      "server.port": port,
      "http.response.status_code": 200,
    });
    assert.deepEqual(await probe.series("kopiur_api_requests_total"), [
      'kopiur_api_requests_total{verb="patch",resource="pods",code="200"} 1',
    ]);
    assert.equal((await probe.series("kopiur_api_request_duration_seconds_count")).length, 1);
  });
});

Deno.test("HttpTransport logs each request at debug: method, path, status and duration", async () => {
  const handle = () => statusOf(404, "not found");
  await withStage({ handle }, async ({ transport, probe }) => {
    await assert.rejects(transport.send({ ...get, query: { pretty: "false" } }, never));
    const [line] = probe.lines().filter(({ message }) => message === "request");
    assert.deepEqual([line?.level, Object.keys(line?.fields ?? {})], ["DEBUG", [
      "method",
      "path",
      "status",
      "durationSeconds",
    ]]);
    const { durationSeconds, ...fields } = line?.fields ?? {};
    assert.equal(typeof durationSeconds, "number");
    assert.deepEqual(fields, {
      method: "GET",
      path: "/api/v1/namespaces/apps/pods/db?pretty=false",
      status: 404,
    });
  });
});

Deno.test("HttpTransport.send() asks for metadata alone, and patches as a merge", async () => {
  const seen: (string | null)[] = [];
  const handle = (request: Request) => {
    seen.push(request.headers.get("accept"), request.headers.get("content-type"));
    return json({});
  };
  await withStage({ handle }, async ({ transport }) => {
    await transport.send({ verb: "list", resource: RESOURCES.secret, metadataOnly: true }, never);
    await transport.send({ ...get, verb: "patch", metadataOnly: true, body: {} }, never);
    await transport.send({ ...get, verb: "update", body: {} }, never);
  });
  assert.deepEqual(seen, [
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    null,
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/merge-patch+json",
    "application/json",
    "application/json",
  ]);
});

Deno.test("HttpTransport learns the server's clock from what it answers, not from what refuses", async () => {
  const date = "Fri, 03 Jan 2025 00:00:00 GMT";
  const answers = [
    json({}, { headers: { date } }),
    statusOf(403, "no", { date: "Mon, 01 Jan 2001 00:00:00 GMT" }),
  ];
  await withStage(
    { handle: () => answers.shift() ?? json({}) },
    async ({ transport, clock, serverClock }) => {
      assert.equal(serverClock.now(), undefined);
      await transport.send(get, never);
      await assert.rejects(transport.send(get, never));
      await clock.advance(60_000);
      assert.equal(serverClock.now()?.toISOString(), "2025-01-03T00:01:00.000Z");
    },
  );
});

Deno.test("HttpTransport keeps using one connection", async () => {
  const ports = new Set<number>();
  const handle = (_request: Request, port: number) => {
    ports.add(port);
    return json({});
  };
  await withStage({ handle }, async ({ transport }) => {
    for (let turn = 0; turn < 20; turn++) await transport.send(get, never);
  });
  assert.equal(ports.size, 1);
});

Deno.test("HttpTransport renews refused credentials once", async () => {
  let answers = [401, 200];
  const handle = () => {
    const code = answers.shift() ?? 401;
    return code === 200 ? json({}) : statusOf(code, "Unauthorized");
  };
  await withStage({ handle }, async ({ transport, tokens, probe }) => {
    await transport.send(get, never);
    assert.deepEqual(tokens, ["Bearer t0", "Bearer t1"]);
    answers = [];
    await assert.rejects(transport.send(get, never), /Cannot get Pod apps\/db: Unauthorized/);
    assert.equal(tokens.length, 4);
    assert.deepEqual(probe.spans().map((span) => span.status.code), [2, 0, 2, 2]);
    assert.ok((await probe.series("kopiur_api_requests_total")).includes(
      'kopiur_api_requests_total{verb="get",resource="pods",code="401"} 3',
    ));
  });
});

Deno.test("HttpTransport waits as long as the server asks, and not for ever", async () => {
  const answers: (readonly [number, string])[] = [[429, "2"], [503, "3"]];
  const handle = () => {
    const [code, seconds] = answers.shift() ?? [200, ""];
    return code === 200 ? json({}) : statusOf(code, "busy", { "retry-after": seconds });
  };
  await withStage({ handle }, async ({ transport, clock, delays }) => {
    const sent = transport.send(get, never);
    await until(() => delays.at(-1) === 2500);
    await clock.advance(2500);
    await until(() => delays.at(-1) === 3500);
    await clock.advance(3500);
    assert.deepEqual(await sent, {});

    for (let turn = 0; turn < 5; turn++) answers.push([429, "3600"]);
    const refused = assert.rejects(transport.send(get, never), /busy/);
    for (let turn = 1; turn < 5; turn++) {
      await until(() => delays.filter((each) => each === 30_500).length === turn);
      await clock.advance(30_500);
    }
    await refused;

    answers.push([503, ""]);
    await assert.rejects(transport.send(get, never), /busy/);
    answers.push([500, "5"]);
    await assert.rejects(transport.send(get, never), /busy/);

    answers.push([429, "5"]);
    const controller = new AbortController();
    const aborted = assert.rejects(transport.send(get, controller.signal), /stop/);
    await until(() => delays.at(-1) === 5500);
    controller.abort(new Error("stop"));
    await aborted;
  });
});

Deno.test("HttpTransport gives up on a request after its limit, and when its signal aborts", async () => {
  const held = Promise.withResolvers<void>();
  let count = 0;
  const handle = () => {
    count++;
    return held.promise.then(() => json({}));
  };
  await withStage({ handle }, async ({ transport, clock, probe }) => {
    const late = assert.rejects(transport.send(get, never), (error) => {
      assert.ok(error instanceof TransientError);
      assert.match(
        error.message,
        /Cannot get Pod apps\/db: "http:\/\/127\.0\.0\.1:\d+" gave no answer \(no answer within 30 s\)/,
      );
      return true;
    });
    await until(() => count === 1);
    await clock.advance(30_000);
    await late;
    const controller = new AbortController();
    const aborted = assert.rejects(transport.send(get, controller.signal), /stop/);
    await until(() => count === 2);
    controller.abort(new Error("stop"));
    await aborted;
    assert.ok((await probe.series("kopiur_api_requests_total")).includes(
      'kopiur_api_requests_total{verb="get",resource="pods",code="0"} 2',
    ));
    held.resolve();
  });
});

Deno.test("HttpTransport.stream() has no limit once it has begun, and ends with its signal", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  await withStage({ handle: () => new Response(readable) }, async ({ transport, clock }) => {
    const controller = new AbortController();
    const reader = (await transport.stream(watch, controller.signal)).getReader();
    await clock.advance(3_600_000);
    void writer.write(new TextEncoder().encode("hello\n"));
    assert.equal(new TextDecoder().decode((await reader.read()).value), "hello\n");
    const ended = assert.rejects(reader.read(), /stop/);
    controller.abort(new Error("stop"));
    await ended;
  });
  await writer.abort().catch(() => {});
});

Deno.test("HttpTransport.text() reads no more than it was told, however much the server sends", async () => {
  const log = { ...get, target: { key, subresource: "log" } } as const;
  let isAskedFor = true;
  const handle: Handle = (request) => {
    assert.equal(new URL(request.url).pathname, "/api/v1/namespaces/apps/pods/db/log");
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) =>
      controller.enqueue(new TextEncoder().encode("ü".repeat(1000)));
    return new Response(new ReadableStream({ pull, cancel: () => void (isAskedFor = false) }));
  };
  await withStage({ handle }, async ({ transport }) => {
    assert.equal(await transport.text(log, 1500, never), "ü".repeat(1500));
    for (let turn = 0; turn < 100 && isAskedFor; turn++) await new Promise((go) => setTimeout(go, 10));
    assert.equal(isAskedFor, false);
  });
});

Deno.test("HttpTransport.text() gives up after its limit, also in the middle of a text", async () => {
  const body = () => new ReadableStream({ start: (it) => it.enqueue(new TextEncoder().encode("half")) });
  await withStage({ handle: () => new Response(body()) }, async ({ transport, clock }) => {
    const reading = assert.rejects(transport.text(get, 1500, never), /no answer within 30 s/);
    await new Promise((go) => setTimeout(go, 100));
    clock.advance(30_000);
    await reading;
  });
});

Deno.test("HttpTransport follows no redirect: credentials go to one server only", async () => {
  const paths: string[] = [];
  const handle = (request: Request) => {
    paths.push(new URL(request.url).pathname);
    return new Response(null, { status: 302, headers: { location: "/elsewhere" } });
  };
  await withStage({ handle }, async ({ transport }) => {
    await assert.rejects(transport.send(get, never), /HTTP 302/);
  });
  assert.deepEqual(paths, ["/api/v1/namespaces/apps/pods/db"]);
});

Deno.test("HttpTransport says what came in place of an object of the API server", async () => {
  const answers = [
    () => new Response("<html>Please sign in</html>"),
    () => new Response("<html>\nBad Gateway", { status: 502 }),
    () => new Response("x".repeat(1_000_000), { status: 500 }),
    () => statusOf(404, 'pods "db" not found'),
  ];
  await withStage({ handle: () => answers.shift()?.() ?? json({}) }, async ({ transport }) => {
    await assert.rejects(
      transport.send(get, never),
      /Cannot get Pod apps\/db: the answer is not JSON \(27 characters\)/,
    );
    await assert.rejects(transport.send(get, never), /Cannot get Pod apps\/db: <html>$/);
    await assert.rejects(
      transport.send(get, never),
      (error) => error instanceof Error && error.message.length < 1200,
    );
    await assert.rejects(transport.send(get, never), (error) => isNotFound(error));
  });
});

Deno.test("HttpTransport logs what the server warns of, once", async () => {
  const headers = { warning: '299 - "unknown field \\"spec.x\\"", 299 - "v1beta1 is deprecated"' };
  await withStage({ handle: () => json({}, { headers }) }, async ({ transport, probe }) => {
    await transport.send(get, never);
    await transport.send(get, never);
    const warnings = probe.lines().filter((line) => line.message === "the API server warns");
    assert.deepEqual(warnings.map((line) => line.fields.warning), [
      'unknown field "spec.x"',
      "v1beta1 is deprecated",
    ]);
  });
});

Deno.test("HttpTransport says what is wrong with a certificate, and reaches a server by the name of it", async () => {
  const [authority, other] = [
    await createCertificateAuthority("ca"),
    await createCertificateAuthority("other"),
  ];
  const tls = { authority, name: "kube.example" };
  const handle = (request: Request) => json({ host: request.headers.get("host") });
  const attempt = async (caCerts: readonly string[], connection: Partial<ConnectionInfo>) => {
    let answer: unknown;
    await withStage({ handle, tls, caCerts, connection: () => connection }, async ({ transport }) => {
      answer = await transport.send(get, never);
    });
    return answer;
  };
  await assert.rejects(
    attempt([other.certPem], {}),
    /is not signed by a trusted authority, expected certificate-authority-data/,
  );
  await assert.rejects(attempt([authority.certPem], {}), /is for other names, expected .* tls-server-name/);
  assert.match(
    JSON.stringify(await attempt([authority.certPem], { tlsServerName: "kube.example" })),
    /kube\.example:\d+/,
  );
  await assert.rejects(attempt([authority.certPem], { tlsServerName: "kube.wrong" }), /is for other names/);
});

Deno.test("HttpTransport takes any certificate where that is asked for, and leaves nothing behind", async () => {
  const authority = await createCertificateAuthority("unknown");
  const tls = { authority, name: "other.example" };
  const ports = new Set<number>();
  const handle = (request: Request, remotePort: number) => {
    ports.add(remotePort);
    return json({ path: new URL(request.url).pathname });
  };
  const folders = () => [...Deno.readDirSync(temporary)].map(({ name }) => name);
  const temporary = Deno.makeTempDirSync();
  const before = Deno.env.get("TMPDIR");
  Deno.env.set("TMPDIR", temporary);
  using _variables = withRuntimeVariables();
  try {
    const connection = () => ({ insecure: true } as const);
    await withStage({ handle, tls, connection }, async ({ transport, tokens }) => {
      assert.equal(folders().length, 1);
      assert.equal((Deno.statSync(`${temporary}/${folders()[0]}`).mode ?? 0) & 0o077, 0);
      for (const _ of [1, 2, 3]) await transport.send(get, never);
      assert.deepEqual(tokens, ["Bearer t0", "Bearer t0", "Bearer t0"]);
    });
    assert.equal(ports.size, 1, "one connection serves one request after another");
    assert.deepEqual(folders(), []);
    // A request that misses the relay, here by a rule of the runtime for proxies, is refused.
    Deno.env.set("NO_PROXY", "127.0.0.0/8");
    await withStage({ handle, tls, connection }, async ({ transport, tokens }) => {
      await assert.rejects(transport.send(get, never), /is not signed by a trusted authority/);
      assert.deepEqual(tokens, []);
    });
    Deno.env.delete("NO_PROXY");
    const nowhere = () => ({ insecure: true, server: "https://127.0.0.1:1" } as const);
    await withStage({ handle, connection: nowhere }, async ({ transport }) => {
      await assert.rejects(
        transport.send(get, never),
        /Cannot get Pod apps\/db: the server gave no answer \(.*REFUSED.*\), expected/,
      );
    });
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
    Deno.removeSync(temporary, { recursive: true });
  }
});

// In this file, as the folder of a relay would be found by the test above.
const giveUpName =
  "an insecure relay gives a server that never agrees on TLS up, says so, and may be closed twice";
// Of a socket that is destroyed in its handshake Deno 2.6 keeps the connection.
Deno.test({ name: giveUpName, sanitizeResources: false }, async () => {
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of server) taken.push(connection);
  })();
  const relay = startInsecureRelay(
    { hostname: "127.0.0.1", port: server.addr.port, serverName: undefined },
    () => undefined,
    100,
  );
  const client = Deno.createHttpClient({ proxy: relay.proxy });
  try {
    const answer = await fetch("http://server.invalid/version", { client });
    assert.equal(answer.status, 502);
    assert.match(await answer.text(), /no TLS handshake within 0\.1 s/);
  } finally {
    client.close();
    relay.close();
    relay.close();
    for (const each of taken) each.close();
    server.close();
    await accepting.catch(() => {});
  }
});

Deno.test("HttpTransport goes through a proxy and shows it its own credentials", async () => {
  let seen: Request | undefined;
  const handle = (request: Request) => {
    seen = request;
    return json({});
  };
  const connection = (port: number) => ({
    server: "http://kube.invalid:8080",
    proxy: { url: `http://127.0.0.1:${port}`, basicAuth: { username: "me", password: "p" } },
  });
  await withStage({ handle, connection }, async ({ transport }) => {
    await transport.send(get, never);
  });
  assert.equal(seen?.headers.get("host"), "kube.invalid:8080");
  assert.equal(seen?.headers.get("proxy-authorization"), "Basic bWU6cA==");
});

Deno.test("HttpTransport names a server that cannot be reached, and sends nothing once it is closed", async () => {
  const connection = () => ({ server: "http://127.0.0.1:1" });
  await withStage({ handle: () => json({}), connection }, async ({ transport }) => {
    await assert.rejects(
      transport.send(get, never),
      /"http:\/\/127\.0\.0\.1:1" gave no answer \(client error \(Connect\).*refused/,
    );
    transport.close();
    await assert.rejects(transport.send(get, never), /the connection was closed/);
  });
});

/** Looks again after each turn of the event loop: what is waited for goes over a real socket. */
async function until(isSo: () => boolean): Promise<void> {
  const endMs = Date.now() + 5000;
  while (!isSo()) {
    assert.ok(Date.now() < endMs, "it did not happen within 5 s");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("HttpTransport sends no header that would be quoted in an error, and says so without it", async () => {
  for (const token of ["SECRET\nX: y", "SECRET\rX", "SECRET\0X", "SECRET\u20ac", "SECRET\x7f"]) {
    const credentials = { headers: { authorization: `Bearer ${token}` }, caCerts: [] };
    const source = {
      current: () => Promise.resolve(credentials),
      refresh: () => Promise.resolve(credentials),
    };
    const connection = () => ({ credentials: source, description: 'context "x"' });
    await withStage({ handle: () => Response.json({}), connection }, async ({ transport, probe, tokens }) => {
      await assert.rejects(transport.send(get, never), (error) => {
        assert.ok(error instanceof TransientError);
        assert.match(
          errorChain(error),
          /^Cannot use the credentials of context "x": .* as "authorization" has/,
        );
        assert.doesNotMatch(errorChain(error), /SECRET/);
        return true;
      });
      assert.deepEqual(tokens, []);
      assert.doesNotMatch(JSON.stringify([probe.spans(), probe.lines()]), /SECRET/);
    });
  }
});

Deno.test("HttpTransport sends a token as its file has it, without what an editor left around it", async () => {
  for (const token of ["t\n", "t\r\n", "t \t"]) {
    const credentials = { headers: { authorization: `Bearer ${token}` }, caCerts: [] };
    const source = {
      current: () => Promise.resolve(credentials),
      refresh: () => Promise.resolve(credentials),
    };
    await withStage(
      { handle: () => Response.json({}), connection: () => ({ credentials: source }) },
      async ({ transport, tokens }) => {
        await transport.send(get, never);
        assert.deepEqual(tokens, ["Bearer t"]);
      },
    );
  }
});

Deno.test("HttpTransport says in its spans which port it means when the address names none", async () => {
  const ports: unknown[] = [];
  for (const server of ["http://127.0.0.1", "https://127.0.0.1", "https://127.0.0.1:6443"]) {
    const connection = () => ({ server });
    await withStage({ handle: () => json({}), connection }, async ({ transport, probe }) => {
      await transport.send(get, never).catch(() => undefined);
      ports.push(...probe.spans().map(({ attributes }) => attributes["server.port"]));
    });
  }
  assert.deepEqual(ports, [80, 443, 6443]);
});

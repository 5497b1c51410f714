import assert from "node:assert/strict";
import { StalledError, TransientError } from "../api/mod.ts";
import {
  answerOf,
  errorOfNetwork,
  errorOfStatus,
  isConflict,
  isExpired,
  isNotFound,
  parseStatus,
} from "./errors.ts";

function answer(code: number, fields: Record<string, unknown> = {}): Error & { reason?: string } {
  return errorOfStatus(
    "create Job apps/db",
    parseStatus(code, JSON.stringify({ kind: "Status", code, message: "m", ...fields })),
  );
}

Deno.test("errorOfStatus() classes answers by what helps", () => {
  const terminating = { details: { causes: [{ reason: "NamespaceTerminating" }] } };
  const quota = { message: 'pods "x" is forbidden: exceeded quota: q, requested: pods=1' };
  const table: readonly (readonly [Error & { reason?: string }, unknown, string])[] = [
    [answer(400), StalledError, "InvalidSpec"],
    [answer(401), TransientError, "KubeApiError"],
    [answer(403), StalledError, "Forbidden"],
    [answer(403, terminating), StalledError, "NamespaceTerminating"],
    [answer(403, quota), TransientError, "Forbidden"],
    [answer(404), TransientError, "KubeApiError"],
    [answer(409), TransientError, "Conflict"],
    [answer(410), TransientError, "KubeApiError"],
    [answer(413), StalledError, "InvalidSpec"],
    [answer(422), StalledError, "InvalidSpec"],
    [answer(429), TransientError, "KubeApiError"],
    [answer(500), TransientError, "KubeApiError"],
    [answer(503), TransientError, "KubeApiError"],
  ];
  for (const [error, type, reason] of table) {
    assert.equal(error.constructor, type, answerOf(error)?.message);
    assert.equal(error.reason, reason, answerOf(error)?.message);
    assert.match(error.message, /^Cannot create Job apps\/db: /);
  }
});

Deno.test("errorOfStatus() keeps the answer as cause", () => {
  const error = answer(409, { reason: "AlreadyExists" });
  assert.deepEqual([answerOf(error)?.code, answerOf(error)?.reason, isConflict(error)], [
    409,
    "AlreadyExists",
    true,
  ]);
  assert.ok(
    isNotFound(answer(404)) && !isNotFound(answer(409)) && !isNotFound(new Error("x")) &&
      !isNotFound(undefined),
  );
  assert.ok(isExpired(answer(410)) && !isExpired(answer(504)));
  assert.ok(isExpired(answer(504, { details: { causes: [{ reason: "ResourceVersionTooLarge" }] } })));
});

Deno.test("parseStatus() makes something of any text", () => {
  assert.deepEqual(parseStatus(502, "<html>\n<body>Bad Gateway"), {
    code: 502,
    reason: "",
    message: "<html>",
    causes: [],
  });
  assert.equal(parseStatus(503, "").message, "HTTP 503");
  for (
    const text of [
      "null",
      "[]",
      "7",
      '{"kind":"Status"}',
      '{"kind":"Status","details":{"causes":[null,{"reason":1}]},"message":7}',
    ]
  ) {
    assert.equal(parseStatus(500, text).code, 500);
  }
  assert.ok(
    parseStatus(500, JSON.stringify({ kind: "Status", message: "x".repeat(5000) })).message.length < 1100,
  );
});

Deno.test("errorOfNetwork() says what mends a TLS failure", () => {
  const server = "https://10.0.0.1:6443";
  const say = (text: string) => errorOfNetwork("list pods", server, new TypeError(text)).message;
  assert.match(
    say("client error (Connect): invalid peer certificate: UnknownIssuer"),
    /"https:\/\/10\.0\.0\.1:6443" is not signed by a trusted authority, expected certificate-authority-data/,
  );
  assert.match(
    say("client error (Connect): invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))"),
    /CA:TRUE.* which kubectl accepts and this program cannot, expected one of CA:FALSE, or .*"kubectl proxy"/,
  );
  assert.match(
    say('client error (Connect): invalid peer certificate: certificate not valid for name "x"'),
    /tls-server-name/,
  );
  assert.match(
    say(
      "error sending request for url (https://10.0.0.1:6443/api): client error (Connect): tcp connect error: Connection refused (os error 111)",
    ),
    /gave no answer \(client error \(Connect\): tcp connect error: Connection refused/,
  );
});

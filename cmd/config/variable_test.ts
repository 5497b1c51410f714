import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import * as z from "zod";
import { UsageError } from "../exit_code.ts";
import { readVariables, type Variable } from "./variable.ts";
import { flag, imageReference, listenAddress, wholeNumber } from "./variable_schema.ts";

const variables = {
  image: { name: "IMAGE", expected: "an image", description: "", schema: imageReference },
  address: {
    name: "ADDRESS",
    fallback: ":80",
    expected: "an address",
    description: "",
    schema: listenAddress,
  },
  token: {
    name: "TOKEN",
    expected: "digits",
    description: "",
    secret: true,
    schema: z.string().regex(/^[0-9]+$/).optional(),
  },
} as const satisfies Readonly<Record<string, Variable<unknown>>>;

Deno.test("readVariables() takes what is set, trimmed, and the fallback where nothing or only space is", () => {
  const values = readVariables(variables, { IMAGE: " a/b:1 ", ADDRESS: "  ", TOKEN: undefined });
  deepEqual(values, { image: "a/b:1", address: { hostname: "::", port: 80 }, token: undefined });
});

Deno.test("readVariables() names every variable that cannot be used, its value and what is accepted", () => {
  throws(() => readVariables(variables, { ADDRESS: "nowhere", TOKEN: "hunter2" }), (error: unknown) => {
    equal(
      error instanceof UsageError && error.message,
      [
        "Cannot use IMAGE: it is not set, expected an image",
        'Cannot use ADDRESS: it is "nowhere", expected an address',
        "Cannot use TOKEN: its value is not shown, expected digits",
      ].join("\n"),
    );
    return true;
  });
});

Deno.test("readVariables() shows only the head of a long value", () => {
  throws(() => readVariables(variables, { IMAGE: "a", ADDRESS: "x".repeat(10_000) }), (error: unknown) => {
    return error instanceof Error && error.message.length < 300;
  });
});

Deno.test("listenAddress takes host and port, and nothing else", () => {
  const good: readonly [string, unknown][] = [
    ["0.0.0.0:8080", { hostname: "0.0.0.0", port: 8080 }],
    ["[::]:8080", { hostname: "::", port: 8080 }],
    [":0", { hostname: "::", port: 0 }],
    ["localhost:65535", { hostname: "localhost", port: 65535 }],
  ];
  for (const [text, want] of good) deepEqual(listenAddress.parse(text), want);
  for (const text of ["8080", "a:b", "::1:80", "host:65536", "host:-1", "http://a:1", "a:1/", "", ":"]) {
    equal(listenAddress.safeParse(text).success, false, text);
  }
});

Deno.test("flag takes true, 1, false and 0", () => {
  deepEqual(["true", "TRUE", "1", "false", "0"].map((text) => flag.parse(text)), [
    true,
    true,
    true,
    false,
    false,
  ]);
  for (const text of ["yes", "2", "truee"]) equal(flag.safeParse(text).success, false);
});

Deno.test("readVariables() throws nothing but UsageErrors, whatever the environment holds", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (image, address) => {
    try {
      readVariables(variables, { IMAGE: image, ADDRESS: address });
    } catch (error) {
      equal(error instanceof UsageError, true);
    }
  }));
});

Deno.test("wholeNumber() takes what lies between its limits, in digits alone", () => {
  for (const text of ["0", "7", "10", "007"]) equal(wholeNumber(0, 10).parse(text), Number(text));
  for (const text of ["", "11", "-1", "+1", "1.5", "1e1", "0x1", " 1", "9".repeat(40)]) {
    equal(wholeNumber(0, 10).safeParse(text).success, false, text);
  }
});

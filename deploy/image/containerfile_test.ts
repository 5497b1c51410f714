import { deepEqual, equal, match, ok } from "node:assert/strict";
import { posix } from "node:path";
import { goSetOf } from "../../tests/parts/recipe.ts";
import { IMAGE_ENV, imageLabels } from "./image.ts";
import { PROGRAM_PATH, USER_ID } from "./layers.ts";

const text = Deno.readTextFileSync(new URL("../Containerfile", import.meta.url));
const [, last = ""] = text.split("FROM ${BASE}\n");

/** What follows the instruction, continued lines joined. */
function instruction(name: string): string {
  const found = last.replaceAll("\\\n", " ").split("\n").find((line) => line.startsWith(`${name} `));
  ok(found !== undefined, `no ${name}`);
  return found.slice(name.length + 1);
}

Deno.test("the Containerfile starts the same program as the same user", () => {
  equal(instruction("USER"), `${USER_ID}:${USER_ID}`);
  deepEqual(JSON.parse(instruction("ENTRYPOINT")), [`/${PROGRAM_PATH.kopiur}`]);
  const env = Object.entries(IMAGE_ENV).map(([name, value]) => `${name}=${value}`);
  deepEqual(instruction("ENV").split(" ").sort(), env.sort());
  match(last, new RegExp(`^COPY --from=programs /out/ /${posix.dirname(PROGRAM_PATH.kopia)}/$`, "m"));
  match(
    last,
    new RegExp(`^COPY --from=programs --chown=${USER_ID}:${USER_ID} /cache /var/cache/kopia$`, "m"),
  );
  match(last, /^COPY LICENSE \/usr\/share\/doc\/kopiur\/LICENSE$/m);
});

Deno.test("the Containerfile says of the image what the image writer says, but for the time it was made", () => {
  const pairs = [...instruction("LABEL").matchAll(/([a-z.]+)="([^"]*)"/g)].map((
    [, name, value],
  ) => [name, value]);
  const { "org.opencontainers.image.created": _created, ...labels } = imageLabels("${VERSION}", "");
  deepEqual(Object.fromEntries(pairs), labels);
});

Deno.test("the Containerfile builds kopia as the tests do", () => {
  const kopia = goSetOf("kopia");
  ok(kopia !== undefined);
  for (const [name, value] of Object.entries(kopia.variables)) ok(text.includes(`-X ${name}=${value}`), name);
  for (const part of kopia.binaries.map((binary) => binary.package)) {
    match(text, new RegExp(` ${part}$`, "m"));
  }
  match(text, /CGO_ENABLED=0 .*GOFLAGS="-mod=readonly -buildvcs=false" go build -trimpath/);
});

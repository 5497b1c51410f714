import assert from "node:assert/strict";
import { aSecret } from "../../../tests/support/mod.ts";
import { foundOf, type Need } from "../../movers/mod.ts";
import { CredentialMemory } from "./credential_memory.ts";

const need: Need = { kind: "secret", name: "repo-password", keys: ["KOPIA_PASSWORD"] };
const key = { namespace: "apps", name: "repo" };

function found(password: string, resourceVersion: string) {
  return foundOf(
    need,
    aSecret({ data: { KOPIA_PASSWORD: password }, metadata: { uid: "u", resourceVersion } }),
  );
}

Deno.test("CredentialMemory keeps the version of a Secret that is touched, and takes that of one that changes", () => {
  const memory = new CredentialMemory();
  const version = (password: string, resourceVersion: string, of = key) =>
    memory.steady(of, [found(password, resourceVersion)])[0]?.present?.version;
  assert.deepEqual([version("a", "1"), version("a", "2"), version("a", "3")], ["u/1", "u/1", "u/1"]);
  assert.equal(version("a", "3", { ...key, name: "other" }), "u/3", "each Repository for itself");
  assert.deepEqual([version("b", "4"), version("b", "5"), version("a", "6")], ["u/4", "u/4", "u/6"]);
  assert.deepEqual(memory.steady(key, [{ need }]), [{ need }]);
  assert.equal(version("a", "7"), "u/6", "it was away for a moment");
  memory.drop(key);
  assert.equal(version("a", "8"), "u/8");
});

Deno.test("foundOf() tells contents apart without holding any", () => {
  const [one, other] = [found("a", "1"), found("b", "1")];
  assert.notEqual(one.present?.content, other.present?.content);
  assert.doesNotMatch(JSON.stringify(found("correct horse", "1")), /correct horse|Y29ycmVjdCBob3JzZQ/);
});

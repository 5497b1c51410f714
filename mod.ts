/**
 * kopiur: backs up Kubernetes volumes into kopia repositories. Words and environment go in, an exit code
 * comes out; start reading at `cmd/main.ts`.
 * @module
 */
import process from "node:process";
import { main } from "./cmd/main.ts";
import { runtimeVariables, unusableTrust } from "./cmd/runtime_variables.ts";
import { streamKeyboard } from "./cmd/keyboard.ts";
import { streamTerminal } from "./cmd/terminal.ts";

if (import.meta.main) {
  const env = Deno.env.toObject();
  for (const [name, value] of Object.entries(runtimeVariables(env))) {
    if (value === undefined) Deno.env.delete(name);
    else Deno.env.set(name, value);
  }
  const untrusted = unusableTrust(env);
  if (untrusted !== undefined) {
    Deno.env.set("DENO_TLS_CA_STORE", "mozilla");
    await Deno.stderr.write(new TextEncoder().encode(`warning: ${untrusted}\n`));
  }
  const code = await main({
    args: Deno.args,
    // Unlike Deno.execPath() this is the name a link was called by.
    calledAs: process.argv0,
    env,
    stdin: streamKeyboard(Deno.stdin),
    stdout: streamTerminal(Deno.stdout),
    stderr: streamTerminal(Deno.stderr),
  });
  Deno.exit(code);
}

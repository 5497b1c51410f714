import { runtimeVariables } from "../../cmd/runtime_variables.ts";

/** Changes the environment as mod.ts does when a process begins, until it is disposed. */
export function withRuntimeVariables(): Disposable {
  const before = Deno.env.toObject();
  const changes = runtimeVariables(before);
  set(changes);
  const former = Object.fromEntries(Object.keys(changes).map((name) => [name, before[name]]));
  return { [Symbol.dispose]: () => set(former) };
}

function set(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) Deno.env.delete(name);
    else Deno.env.set(name, value);
  }
}

import { deepEqual, equal, match } from "node:assert/strict";
import { runtimeVariables } from "./runtime_variables.ts";

/** Without what is removed. */
function kept(env: Record<string, string>) {
  return Object.fromEntries(
    Object.entries({ ...env, ...runtimeVariables(env) }).filter(([, value]) => value !== undefined),
  );
}

Deno.test("runtimeVariables() takes proxies from the runtime, and leaves the exporter its own", () => {
  deepEqual(kept({ PATH: "/bin", HTTPS_PROXY: "http://a", ALL_PROXY: "http://b", NO_PROXY: "*" }), {
    PATH: "/bin",
    DENO_TLS_CA_STORE: "system,mozilla",
  });
  deepEqual(
    kept({ https_proxy: "http://a", http_proxy: "http://b", no_proxy: "c", DENO_TLS_CA_STORE: "mozilla" }),
    {
      grpc_proxy: "http://a",
      no_grpc_proxy: "c",
      DENO_TLS_CA_STORE: "mozilla",
    },
  );
  deepEqual(kept({ https_proxy: "http://a", grpc_proxy: "http://b", no_grpc_proxy: "d", no_proxy: "c" }), {
    grpc_proxy: "http://b",
    no_grpc_proxy: "d",
    DENO_TLS_CA_STORE: "system,mozilla",
  });
});

Deno.test("a process reaches its cluster whatever SSL_CERT_FILE is, and says what is wrong with it", async () => {
  const at = new URL("./runtime_variables.ts", import.meta.url).href;
  const script = `
    import { runtimeVariables, unusableTrust } from "${at}";
    const env = Deno.env.toObject();
    for (const [name, value] of Object.entries(runtimeVariables(env))) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
    const warning = unusableTrust(env);
    if (warning !== undefined) Deno.env.set("DENO_TLS_CA_STORE", "mozilla");
    Deno.createHttpClient({}).close();
    console.log(warning ?? "made");`;
  for (
    const [SSL_CERT_FILE, told] of [
      ["", /^made$/],
      ["/etc/ssl/not-there.pem", /\(Failed to load .*SSL_CERT_FILE to name one in PEM$/],
      ["/etc", /Is a directory.*SSL_CERT_FILE to name one in PEM$/],
    ] as const
  ) {
    const args = ["eval", "--quiet", "--no-check", script];
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args,
      env: { SSL_CERT_FILE, SSL_CERT_DIR: "" },
    })
      .output();
    match(new TextDecoder().decode(stdout).trim(), told);
    equal(code, 0);
  }
});

/** Odd kubeconfig files, given to the real kubectl and to us: the same server sees the same, or we say why not. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { errorChain } from "../../telemetry/mod.ts";
import { loadConnection, systemKubeClock } from "../../kube/mod.ts";
import { HttpTransport } from "../../kube/transport/http_transport.ts";
import { createCertificateAuthority, createSelfSigned, type KeyPair } from "../cluster/mod.ts";
import { partPath, partTest } from "../parts/mod.ts";
import { startConnectProxy } from "../support/connect_proxy.ts";
import { withRuntimeVariables } from "../support/runtime_variables.ts";
import { startTelemetryProbe } from "../support/mod.ts";

/** What a server saw of one request, and what a plugin was told: what differs between clients is left out. */
type Seen = Readonly<Record<string, unknown>>;

/** How one client fared. */
interface Fared {
  readonly seen: readonly Seen[];
  readonly error?: string;
}

/** In texts, `$URL` is the server, `$CA` its authority in base64, `$PROXY` a proxy that leads to it from any name. */
interface Case {
  readonly name: string;
  readonly cluster: string;
  /** With a token when nothing is said: kubectl asks at the terminal for a user without credentials. */
  readonly user?: string;
  /** Further files beside the kubeconfig. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The certificate of the server; signed by `$CA` when nothing is said. */
  readonly serves?: "selfSigned";
  /** The whole file, in place of `cluster` and `user`. */
  readonly file?: string;
  /** Both fail, we with these words. */
  readonly bothFail?: RegExp;
  /** kubectl does it, we cannot and say so. */
  readonly onlyKubectl?: RegExp;
}

const trusting = "{server: $URL, certificate-authority-data: $CA}";
const odd = "{server: 'https://kube.invalid:$PORT', certificate-authority-data: $CA}";
const plugin = `#!/bin/sh
printf '%s' "$KUBERNETES_EXEC_INFO" > info.json; printf '%s|%s' "\${EMPTY-unset}" "$MINE" > env.txt
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}'
`;
const exec = "apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never";

const cases: readonly Case[] = [
  { name: "a token", cluster: trusting, user: "{token: abc}" },
  { name: "a user name and a password", cluster: trusting, user: "{username: ü, password: 'p:w'}" },
  {
    name: "files beside it",
    cluster: "{server: $URL, certificate-authority: sub/ca.pem}",
    user: "{tokenFile: sub/token, token: other}",
    files: { "sub/ca.pem": "$PEM", "sub/token": "from-file\n" },
  },
  {
    name: "an authority among what is none",
    cluster: "{server: $URL, certificate-authority: ca.pem}",
    files: { "ca.pem": "# ours\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n$PEM" },
  },
  {
    name: "somebody else with several groups and extras",
    cluster: trusting,
    user: "{token: abc, as: boss, as-uid: '7', as-groups: [a, 'b, c'], " +
      "as-user-extra: {example.com/team: [one, two], '50%/ü': [three]}}",
  },
  {
    name: "groups of nobody",
    cluster: trusting,
    user: "{token: abc, as-groups: [a]}",
    bothFail: /Cannot impersonate: "as" is missing/,
  },
  { name: "a path behind a gateway", cluster: "{server: $URL/k8s/c1/, certificate-authority-data: $CA}" },
  {
    name: "a server by another name",
    cluster: "{server: $URL, certificate-authority-data: $CA, tls-server-name: kube.invalid}",
    user: "{token: abc}",
  },
  {
    name: "any certificate",
    cluster: "{server: $URL, insecure-skip-tls-verify: true}",
    user: "{token: abc}",
    serves: "selfSigned",
  },
  {
    name: "any certificate, and an authority",
    cluster: "{server: $URL, insecure-skip-tls-verify: true, certificate-authority-data: $CA}",
    bothFail: /it sets insecure-skip-tls-verify and a certificate authority/,
  },
  {
    name: "an authority as its own server",
    cluster: "{server: $URL, certificate-authority-data: $SELF}",
    serves: "selfSigned",
    onlyKubectl: /shows the certificate of an authority \(CA:TRUE\) as its own, which kubectl accepts/,
  },
  {
    name: "the server's own certificate as authority",
    cluster: "{server: $URL, certificate-authority-data: $LEAF}",
    onlyKubectl: /where it holds the server's own certificate, which kubectl accepts, the way is/,
  },
  {
    name: "an unknown authority",
    cluster: "{server: $URL, certificate-authority-data: $SELF}",
    bothFail: /is not signed by a trusted authority/,
  },
  {
    name: "a plugin that is told of its cluster",
    cluster: "{server: $URL, certificate-authority: ca.pem, disable-compression: true, extensions: [" +
      "{name: client.authentication.k8s.io/exec, extension: {shootRef: {name: s}, number: 1.5, list: [a]}}]}",
    user: `{exec: {${exec}, provideClusterInfo: true, env: [{name: MINE, value: m}]}}`,
    files: { "ca.pem": "# ours\n$PEM" },
  },
  {
    name: "a plugin that is told how to reach it",
    cluster: "{server: 'https://kube.invalid:$PORT', certificate-authority-data: $CA, " +
      "proxy-url: 'http://me:p%40w@$PROXY'}",
    user: `{exec: {${exec}, provideClusterInfo: true}}`,
  },
  {
    name: "a plugin that is told what to skip",
    cluster: "{server: $URL, insecure-skip-tls-verify: true, tls-server-name: other}",
    user: `{exec: {${exec}, provideClusterInfo: true}}`,
  },
  {
    name: "a plugin that is told nothing, with odd variables",
    cluster: trusting,
    user: `{exec: {${exec}, env: [{name: EMPTY}, {name: MINE, value: ''}, ` +
      "{name: KUBERNETES_EXEC_INFO, value: not-theirs}]}}",
  },
  { name: "a plugin beside a token", cluster: trusting, user: `{token: abc, exec: {${exec}}}` },
  {
    name: "a plugin that fails",
    cluster: trusting,
    user: `{exec: {${exec.replace("./plugin", "./fails")}}}`,
    files: { fails: "#!/bin/sh\nexit 3\n" },
    bothFail: /it ended with exit code 3/,
  },
  {
    name: "a proxy, whatever NO_PROXY says",
    cluster:
      "{server: 'https://kube.invalid:$PORT', certificate-authority-data: $CA, proxy-url: 'http://$PROXY'}",
    env: { NO_PROXY: "*" },
  },
  {
    name: "the proxy of the environment",
    cluster: odd,
    env: { HTTPS_PROXY: "http://$PROXY", HTTP_PROXY: "http://no.invalid" },
  },
  { name: "a proxy without a scheme", cluster: odd, env: { https_proxy: "$PROXY" } },
  {
    name: "a proxy for all, which only others know",
    cluster: odd,
    env: { ALL_PROXY: "http://$PROXY" },
    bothFail: /gave no answer/,
  },
  ...["*", "kube.invalid:$PORT", "invalid", "*.invalid", "KUBE.invalid"].map((noProxy) => ({
    name: `no proxy by ${noProxy}`,
    cluster: odd,
    env: { HTTPS_PROXY: "http://$PROXY", NO_PROXY: noProxy },
    bothFail: /gave no answer/,
  })),
  ...["kube.invalid:1", ".kube.invalid", "valid"].map((noProxy) => ({
    name: `a proxy in spite of ${noProxy}`,
    cluster: odd,
    env: { HTTPS_PROXY: "http://$PROXY", NO_PROXY: noProxy },
  })),
  {
    name: "byte order mark, line ends of Windows and unknown fields",
    cluster: "",
    file: "\ufeff# x\r\napiVersion: v1\r\nkind: Config\r\nwhat: {else: 1}\r\ncurrent-context: c\r\n" +
      `clusters: [{name: c, cluster: ${trusting.replace("}", ", more: [1]}")}}]\r\n` +
      "users: [{name: u, user: {token: abc}}]\r\n" +
      "contexts: [{name: c, context: {cluster: c, user: u}}]\r\n",
  },
  {
    name: "JSON",
    cluster: "",
    file: '{"current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "$URL", ' +
      '"certificate-authority-data": "$CA"}}], "users": [{"name": "u", "user": {"token": "abc"}}], ' +
      '"contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}',
  },
  {
    name: "a number for a token",
    cluster: trusting,
    user: "{token: 12345}",
    bothFail: /"users\.0\.user\.token" is wrong/,
  },
  {
    name: "a text for a flag",
    cluster: "{server: $URL, insecure-skip-tls-verify: 'true'}",
    bothFail: /insecure-skip-tls-verify" is wrong/,
  },
];

interface Stage {
  readonly folder: string;
  readonly seen: Seen[];
  readonly words: Readonly<Record<string, string>>;
}

/** A server on this machine with a proxy to it, and the files of a case. */
async function withStage(given: Case, use: (stage: Stage) => Promise<void>): Promise<void> {
  const names = { dnsNames: ["localhost", "kube.invalid"], ipAddresses: ["127.0.0.1"] };
  const authority = await createCertificateAuthority("ca");
  const leaf = await authority.issue({ commonName: "server", ...names });
  const self = await createSelfSigned({ commonName: "self", ...names });
  const pair: KeyPair = given.serves === "selfSigned" ? self : leaf;
  const seen: Seen[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, cert: pair.certPem, key: pair.keyPem },
    (request) => {
      seen.push(seenOf(request));
      return Response.json({ gitVersion: "v1.36.3" });
    },
  );
  const { port } = server.addr;
  using proxy = startConnectProxy(port);
  const folder = await Deno.makeTempDir();
  const words = {
    URL: `https://127.0.0.1:${port}`,
    PORT: String(port),
    PROXY: proxy.address,
    CA: base64(authority.certPem),
    PEM: authority.certPem,
    SELF: base64(self.certPem),
    LEAF: base64(leaf.certPem),
  };
  try {
    const file = given.file ?? `current-context: c
clusters: [{name: c, cluster: ${given.cluster}}]
users: [{name: u, user: ${given.user ?? "{token: abc}"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
`;
    for (const [name, text] of Object.entries({ ...given.files, plugin, config: file })) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      const filled = name === "plugin"
        ? text.replaceAll("info.json", `${folder}/info.json`).replaceAll("env.txt", `${folder}/env.txt`)
        : fill(text, words);
      await Deno.writeTextFile(path, filled, { mode: 0o755 });
    }
    await use({ folder, seen, words });
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

function fill(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\$([A-Z]+)/g, (whole, name) => words[name] ?? whole);
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function seenOf(request: Request): Seen {
  const headers = [...request.headers].filter(([name]) => /^(authorization|impersonate-)/.test(name));
  return { path: new URL(request.url).pathname, ...Object.fromEntries(headers) };
}

/** What a client made the server and the plugin see. */
async function fared(stage: Stage, run: () => Promise<string | undefined>): Promise<Fared> {
  stage.seen.length = 0;
  const error = await run();
  const told: Record<string, unknown> = {};
  for (const name of ["info.json", "env.txt"]) {
    try {
      const text = await Deno.readTextFile(`${stage.folder}/${name}`);
      told[name] = name === "info.json" ? JSON.parse(text) : text;
      await Deno.remove(`${stage.folder}/${name}`);
    } catch (missing) {
      if (!(missing instanceof Deno.errors.NotFound)) throw missing;
    }
  }
  const seen = [...stage.seen, ...(Object.keys(told).length === 0 ? [] : [told])];
  return { seen, ...(error === undefined ? {} : { error }) };
}

partTest({
  name: "an odd kubeconfig does with us what it does with kubectl, or we say why not and what to do",
  parts: ["kubectl"],
  fn: async (t) => {
    const kubectl = await partPath("kubectl");
    using _without = withRuntimeVariables();
    for (const given of cases) {
      await t.step(given.name, () =>
        withStage(given, async (stage) => {
          const path = `${stage.folder}/config`;
          const env = {
            PATH: "/usr/bin:/bin",
            HOME: stage.folder,
            ...Object.fromEntries(
              Object.entries(given.env ?? {}).map(([name, value]) => [name, fill(value, stage.words)]),
            ),
          };
          const theirs = await fared(stage, async () => {
            const args = ["--kubeconfig", path, "--request-timeout=5s", "get", "--raw", "/version"];
            const { success, stderr } = await new Deno.Command(kubectl, { args, env, clearEnv: true })
              .output();
            return success ? undefined : new TextDecoder().decode(stderr);
          });
          const ours = await fared(stage, () => ask(path, env));
          const expected = given.bothFail ?? given.onlyKubectl;
          assert.equal(theirs.error !== undefined, given.bothFail !== undefined, theirs.error);
          if (expected === undefined) return assert.deepEqual(ours, theirs);
          assert.match(ours.error ?? "it went well", expected);
        }));
    }
  },
});

partTest({
  name:
    "a process trusts the authorities of the machine, as kubectl does, and takes proxies by the rules of Go alone",
  parts: ["kubectl"],
  fn: () =>
    withStage({ name: "", cluster: "{server: $URL}", files: { "ca.pem": "$PEM" } }, async (stage) => {
      const env = {
        PATH: "/usr/bin:/bin",
        HOME: stage.folder,
        KUBECONFIG: `${stage.folder}/config`,
        SSL_CERT_FILE: `${stage.folder}/ca.pem`,
        // Nothing listens there; Go asks no proxy for an address of this machine, and Deno would.
        HTTPS_PROXY: "http://127.0.0.1:1",
        KOPIUR_MOVER_IMAGE: "kopiur.local/kopiur:test",
        KOPIUR_HTTP_ADDR: "127.0.0.1:0",
      };
      const args = ["--request-timeout=5s", "get", "--raw", "/version"];
      const theirs = await new Deno.Command(await partPath("kubectl"), { args, env, clearEnv: true })
        .output();
      assert.ok(theirs.success, new TextDecoder().decode(theirs.stderr));
      const program = fileURLToPath(new URL("../../mod.ts", import.meta.url));
      const denoDir = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
      const ours = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", program, "controller"],
        env: { ...env, DENO_DIR: denoDir },
        clearEnv: true,
        stdout: "piped",
      }).spawn();
      let log = "";
      for await (const text of ours.stdout.pipeThrough(new TextDecoderStream())) {
        log += text;
        // What comes next it cannot do: the server has no objects.
        if (/ connected | failed /.test(log)) break;
      }
      ours.kill("SIGKILL");
      await ours.status;
      assert.match(log, / connected server=https:\/\/127\.0\.0\.1:/);
    }),
});

/** Our own request; the error as a person sees it. */
async function ask(path: string, env: Readonly<Record<string, string>>): Promise<string | undefined> {
  try {
    const connection = await loadConnection({ path, env });
    const { telemetry } = startTelemetryProbe();
    const clock = systemKubeClock();
    const transport = new HttpTransport(connection, { clock, random: () => 0.5, telemetry });
    try {
      await transport.sendPath("/version", AbortSignal.timeout(5000));
    } finally {
      transport.close();
    }
    return undefined;
  } catch (error) {
    return errorChain(error);
  }
}

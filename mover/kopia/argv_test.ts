import assert from "node:assert/strict";
import fc from "fast-check";
import {
  createCommand,
  globalKeepEverythingCommand,
  globalPolicyShowCommand,
  type KopiaCommand,
  snapshotCreateCommand,
  snapshotDeleteCommand,
  snapshotListCommand,
  snapshotListOfSourceCommand,
  sourcePolicySetCommand,
  sourcePolicyShowCommand,
} from "./argv.ts";
import type { ConnectRequest } from "./config.ts";
import { policyChanges } from "./policy_changes.ts";

const identity = { username: "app", hostname: "apps" };
const cache = { contentCacheSizeMb: 100, metadataCacheSizeMb: 50 };
const caBundlePath = "/etc/kopiur/ca/ca.crt";
const whatever = ["--no-auto-maintenance", "--error-notifications=never", "--no-persist-credentials"];
const everywhere = ["--no-progress", "--disable-file-logging", ...whatever];

const s3 = {
  bucket: "backups",
  endpoint: "s3.example.org",
  disableTls: false,
  insecureSkipVerify: false,
  privateCa: false,
};

const boundCaches = [
  "--content-cache-size-mb=100",
  "--content-cache-size-limit-mb=100",
  "--metadata-cache-size-mb=50",
  "--metadata-cache-size-limit-mb=50",
];

const connections: Readonly<
  Record<string, { given: Omit<ConnectRequest, "caBundlePath">; want: readonly string[] }>
> = {
  "names the folder and the identity, and bounds the caches softly and hard": {
    given: { repository: { filesystem: { path: "/repository" } }, identity, cache },
    want: [
      "filesystem",
      "--path=/repository",
      "--file-mode=0660",
      "--dir-mode=0770",
      "--override-username=app",
      "--override-hostname=apps",
      ...boundCaches,
    ],
  },
  "leaves out what S3 does not need": {
    given: { repository: { s3: { ...s3, prefix: "" } }, identity, cache },
    want: [
      "s3",
      "--bucket=backups",
      "--endpoint=s3.example.org",
      "--override-username=app",
      "--override-hostname=apps",
      ...boundCaches,
    ],
  },
  "gives everything S3 may need": {
    given: {
      repository: {
        s3: {
          ...s3,
          prefix: "a/",
          region: "eu",
          disableTls: true,
          insecureSkipVerify: true,
          privateCa: true,
        },
      },
      identity,
      cache,
    },
    want: [
      "s3",
      "--bucket=backups",
      "--endpoint=s3.example.org",
      "--prefix=a/",
      "--region=eu",
      "--disable-tls",
      "--disable-tls-verification",
      `--root-ca-pem-path=${caBundlePath}`,
      "--override-username=app",
      "--override-hostname=apps",
      ...boundCaches,
    ],
  },
};

for (const [sentence, { given, want }] of Object.entries(connections)) {
  Deno.test(`createCommand() ${sentence}`, () => {
    const command = createCommand({ ...given, caBundlePath }, {});
    assert.deepEqual(command, {
      name: "repository create",
      args: ["repository", "create", ...want, "--create-only", ...everywhere],
    });
  });
}

Deno.test("createCommand() adds the algorithms", () => {
  const request = { repository: { filesystem: { path: "/r" } }, identity, cache, caBundlePath };
  const { args } = createCommand(request, {
    encryption: "AES256-GCM-HMAC-SHA256",
    hash: "BLAKE3-256",
    splitter: "FIXED-4M",
  });
  assert.deepEqual(args.slice(0, 3), ["repository", "create", "filesystem"]);
  assert.ok(args.includes("--encryption=AES256-GCM-HMAC-SHA256"));
  assert.ok(args.includes("--block-hash=BLAKE3-256"));
  assert.ok(args.includes("--object-splitter=FIXED-4M"));
});

Deno.test("snapshotCreateCommand() files the folder under the source with its tags", () => {
  const command = snapshotCreateCommand({
    mountPath: "/pvc/data",
    source: { ...identity, path: "/pvc/data" },
    tags: { "kopiur-run": "uid-1", "kopiur-config": "apps/nightly" },
    reportFolder: "/tmp/x",
  });
  assert.deepEqual(command.args, [
    "snapshot",
    "create",
    "--json",
    "--json-verbose",
    "--no-send-snapshot-report",
    "--override-source=app@apps:/pvc/data",
    "--tags=kopiur-run:uid-1",
    "--tags=kopiur-config:apps/nightly",
    ...["--progress", "--progress-update-interval=5s", "--progress-estimation-type=rough"],
    ...["--diagnostics-output-directory=/tmp/x/counters", "--metrics-store-on-exit"],
    ...["--log-dir=/tmp/x", "--disable-content-log", "--log-entry-detail=1", "--log-dir-detail=7"],
    ...["--max-log-file-segment-size=1048576", "--log-dir-max-total-size-mb=64"],
    ...whatever,
    "--",
    "/pvc/data",
  ]);
});

Deno.test("snapshotCreateCommand() says what the recipe and the Backup ask for", () => {
  const { args } = snapshotCreateCommand({
    mountPath: "/pvc/data",
    source: { ...identity, path: "/pvc/data" },
    tags: {},
    description: "before the upgrade",
    parallelFiles: 3,
    extraArgs: ["--fail-fast", "--force-hash=10"],
  });
  const end = args.indexOf("--");
  for (const word of ["--description=before the upgrade", "--parallel=3", "--fail-fast", "--force-hash=10"]) {
    assert.ok(args.slice(0, end).includes(word), word);
  }
});

Deno.test("createCommand() slows one mover down, on any storage", () => {
  for (const repository of [{ filesystem: { path: "/repository" } }, { s3 }]) {
    const request = { repository, identity, cache, caBundlePath, uploadBytesPerSecond: 2_000_000 };
    const { args } = createCommand(request, {});
    assert.ok(args.includes("--max-upload-speed=2000000"));
  }
});

Deno.test("globalKeepEverythingCommand() sets all six keeps to 0, globally", () => {
  const { args } = globalKeepEverythingCommand();
  assert.deepEqual(
    args.filter((arg) => arg.startsWith("--keep-")),
    ["latest", "hourly", "daily", "weekly", "monthly", "annual"].map((each) => `--keep-${each}=0`),
  );
  assert.ok(args.includes("--global"));
  assert.ok(!args.includes("--"));
});

Deno.test("sourcePolicySetCommand() touches the one source", () => {
  const { args } = sourcePolicySetCommand({ ...identity, path: "/pvc/data" }, ["--add-ignore=*.log"]);
  assert.deepEqual(args, [
    ...["policy", "set", "--add-ignore=*.log"],
    ...everywhere,
    ...["--", "app@apps:/pvc/data"],
  ]);
});

Deno.test("sourcePolicyShowCommand() asks for the source and what it inherits from", () => {
  const above = { "/pvc/data": "app@apps:/pvc", "/pvc": "app@apps:/", "/": "app@apps" };
  for (const [path, parent] of Object.entries(above)) {
    const { args } = sourcePolicyShowCommand({ ...identity, path });
    assert.deepEqual(args.slice(args.indexOf("--") + 1), [`app@apps:${path}`, parent]);
  }
});

Deno.test("snapshotListCommand() asks for every identity, or for those with a tag", () => {
  assert.ok(snapshotListCommand().args.includes("--all"));
  assert.ok(!snapshotListCommand().args.some((arg) => arg.startsWith("--tags")));
  assert.ok(snapshotListCommand({ key: "kopiur-run", value: "u" }).args.includes("--tags=kopiur-run:u"));
});

Deno.test("the commands let nothing a user wrote become a flag", () => {
  const known = new Set([
    ...flagNames(commandsWith("x", "/x")),
  ]);
  fc.assert(fc.property(
    fc.oneof(
      fc.constantFrom("-p", "--all", "--", "@/etc/passwd", "--path=/x", "-"),
      fc.string({ minLength: 1 }),
    ),
    (text) => {
      for (const command of commandsWith(text, `/${text}`)) {
        const end = command.args.indexOf("--");
        const before = end < 0 ? command.args : command.args.slice(0, end);
        for (const arg of before.slice(2)) {
          if (arg.startsWith("-")) assert.ok(known.has(arg.split("=")[0] ?? ""), arg);
          else assert.ok(arg === "filesystem" || arg === "s3", arg);
        }
      }
    },
  ));
});

function commandsWith(text: string, path: string): readonly KopiaCommand[] {
  const named = { username: text, hostname: text };
  const source = { ...named, path };
  const backend = { ...s3, bucket: text, endpoint: text, prefix: text, region: text, privateCa: true };
  return [
    createCommand({ repository: { filesystem: { path } }, identity: named, cache, caBundlePath }, {}),
    createCommand(
      { repository: { s3: backend }, identity: named, cache, caBundlePath },
      { encryption: text, hash: text, splitter: text },
    ),
    snapshotCreateCommand({ mountPath: path, source, tags: { [text]: text }, description: text }),
    snapshotListCommand({ key: "kopiur-run", value: text }),
    snapshotListOfSourceCommand(source),
    snapshotDeleteCommand([text]),
    globalPolicyShowCommand(),
    sourcePolicyShowCommand(source),
    sourcePolicySetCommand(source, policyFlags(text)),
  ];
}

function policyFlags(text: string): readonly string[] {
  const nothing = {
    retention: { keepSum: 0, ignoreIdenticalSnapshots: false, keepsAreBuiltIn: false },
    neverCompress: [],
    ignore: [],
  };
  const source = { ...nothing, neverCompress: [`${text}1`], ignore: [`${text}2`] };
  return policyChanges({
    policy: { ignore: { paths: [text] }, compression: { neverCompress: [text] } },
    ignoreIdenticalSnapshots: false,
  }, { source, above: nothing });
}

function flagNames(commands: readonly KopiaCommand[]): readonly string[] {
  return commands.flatMap(({ args }) => args.map((arg) => arg.split("=")[0] ?? "")).filter((arg) =>
    arg.startsWith("-")
  );
}

import assert from "node:assert/strict";
import { lastProgress } from "../api/mover/progress.ts";
import { startVersitygw, type Versitygw } from "../tests/cluster/mod.ts";
import { partTest } from "../tests/parts/mod.ts";
import {
  bootstrapOf,
  makeMoverFolder,
  type MoverCase,
  type MoverEnd,
  runCase,
} from "./support/mover_case.ts";
import { kopiaPath, noise, writeExecutable, writeTree } from "./support/real_kopia.ts";

/** How a storage fails. */
type Fault = "answers 502" | "hangs" | "cuts connections";
const FAULTS: readonly Fault[] = ["answers 502", "hangs", "cuts connections"];

/** Requests of a command that are answered before the storage fails. */
const ANSWERED = 2;

/** A way to a server that fails from the third request on after `breaks` says so. */
class FailingWay implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #server: string;
  readonly #fault: Fault;
  readonly #breaks: () => boolean;
  readonly #serving: Promise<void>;
  #answered = 0;

  constructor(server: string, fault: Fault, breaks: () => boolean) {
    this.#server = server;
    this.#fault = fault;
    this.#breaks = breaks;
    this.#serving = this.#serve();
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const each of this.#connections) close(each);
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const relays: Promise<unknown>[] = [];
    for await (const client of this.#listener) {
      const [hostname = "", port] = this.#server.split(":");
      const server = await Deno.connect({ hostname, port: Number(port) });
      for (const each of [client, server]) this.#connections.add(each);
      relays.push(this.#relay(client, server).catch(() => close(client)));
      relays.push(server.readable.pipeTo(client.writable).catch(() => undefined));
    }
    await Promise.allSettled(relays);
  }

  async #relay(client: Deno.TcpConn, server: Deno.TcpConn): Promise<void> {
    const writer = server.writable.getWriter();
    const buffer = new Uint8Array(64 * 1024);
    for (let read = await client.read(buffer); read !== null; read = await client.read(buffer)) {
      const bytes = buffer.slice(0, read);
      if (isRequest(bytes) && this.#breaks() && this.#answered++ >= ANSWERED) {
        if (this.#fault === "hangs") return;
        if (this.#fault === "answers 502") {
          const answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
          await client.write(new TextEncoder().encode(answer));
        }
        close(server);
        return close(client);
      }
      await writer.write(bytes);
    }
    await writer.close();
  }
}

function isRequest(bytes: Uint8Array): boolean {
  return /^(GET|HEAD|PUT|POST|DELETE) \//.test(new TextDecoder("latin1").decode(bytes.subarray(0, 16)));
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // Its other end went first.
  }
}

interface Place {
  readonly server: Versitygw;
  readonly source: string;
  readonly prefix: string;
}

type Operation = MoverCase["operation"];

/** Runs a mover whose storage fails in the middle of its n-th kopia command; the names of the commands it began. */
async function failingIn(
  { server, source, prefix }: Place,
  operation: (source: string) => Operation,
  { fault, command }: { readonly fault: Fault; readonly command: number },
): Promise<{ readonly end: MoverEnd; readonly seconds: number; readonly begun: readonly string[] }> {
  await using folder = await makeMoverFolder();
  const log = folder.at("begun");
  await Deno.writeTextFile(log, "");
  const begun = () => Deno.readTextFileSync(log).split("\n").filter((line) => line !== "");
  const binary = await writeExecutable(
    folder.at("telling"),
    `echo "$1 $2" >>'${log}'; exec '${await kopiaPath()}' "$@"`,
  );
  await using way = new FailingWay(server.endpoint, fault, () => begun().length >= command);
  const startedMs = performance.now();
  const end = await runCase({
    ...{ folder, binary, operation: operation(source), stopGraceSeconds: 1 },
    limits: { stepSeconds: 5, stallSeconds: 5, stillSeconds: 2 },
    repository: {
      s3: {
        ...{ bucket: "backups", endpoint: way.endpoint, prefix },
        ...{ disableTls: true, insecureSkipVerify: false, privateCa: false },
      },
    },
    environment: { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey },
  });
  return { end, seconds: (performance.now() - startedMs) / 1000, begun: begun() };
}

const NEVER = Infinity;
let runs = 0;

const OPERATIONS: Readonly<Record<string, (source: string) => Operation>> = {
  "makes a repository": () => ({ bootstrap: { create: {} } }),
  "opens a repository": () => ({ bootstrap: {} }),
  "backs up": (source) => ({
    backup: {
      mountPath: source,
      sourcePath: "/data",
      runId: `run-${++runs}`,
      tags: {},
      policy: { compression: { compressor: runs % 2 === 0 ? "zstd" : "gzip" } },
    },
  }),
  "deletes": () => ({ snapshotDelete: { runId: "run-to-delete", snapshots: [] } }),
};

/** What a mover may lack and still have done its work. */
const AFTER_THE_WORK: Readonly<Record<string, (begun: readonly string[]) => boolean>> = {
  "backs up": (begun) => begun.at(-1)?.startsWith("ls ") === true,
  "deletes": (begun) => begun.indexOf("snapshot delete") === begun.length - 3,
};

for (const [what, operation] of Object.entries(OPERATIONS)) {
  partTest({
    name: `runMover() that ${what} ends in time, and knows why, wherever its storage fails`,
    parts: ["kopia", "versitygw", "janitor"],
    fn: async () => {
      await using folder = await makeMoverFolder();
      await using server = await startVersitygw({ buckets: ["backups"] });
      await writeTree(folder.at("source"), { a: "1", b: noise(30_000_000) });
      const place = { server, source: folder.at("source"), prefix: "one/" };
      const healthy = (each: (source: string) => Operation, prefix: string) =>
        failingIn({ ...place, prefix }, each, { fault: "hangs", command: NEVER });
      const make = OPERATIONS["makes a repository"] ?? assert.fail();
      if (what !== "makes a repository") bootstrapOf((await healthy(make, "one/")).end);
      const toDelete = (source: string): Operation => ({
        backup: { mountPath: source, sourcePath: "/data", runId: "run-to-delete", tags: {} },
      });
      if (what === "deletes") await healthy(toDelete, "one/");
      const whole = await healthy(operation, what === "makes a repository" ? "healthy/" : "one/");
      assert.equal(whole.end.exitCode, 0, JSON.stringify(whole.end.result));
      for (let command = 1; command <= whole.begun.length; command++) {
        for (
          const fault of whole.begun[command - 1] === "snapshot create"
            ? FAULTS
            : [FAULTS[command % 3] ?? "hangs"]
        ) {
          if (what === "deletes") await healthy(toDelete, "one/");
          // Something to upload.
          await Deno.writeFile(folder.at("source", "b"), noise(5_000_000, 100 * command + fault.length));
          const prefix = what === "makes a repository" ? `${command}/` : "one/";
          const { end, seconds, begun } = await failingIn({ ...place, prefix }, operation, {
            fault,
            command,
          });
          const where = `the storage ${fault} in "${begun[command - 1]}", ${seconds} s`;
          assert.ok(seconds < 20, where);
          // Some movers need no policy change, or no look at names.
          if (begun.length < command) continue;
          if (!("failure" in end.result)) {
            assert.ok(AFTER_THE_WORK[what]?.(begun) === true, `${where}: ${JSON.stringify(end.result)}`);
            continue;
          }
          const { class: failureClass, message } = end.result.failure;
          assert.equal(failureClass, "RepositoryUnavailable", `${where}: ${message}`);
          assert.equal(end.exitCode, 1);
          if (what === "backs up" && seconds > 4.5) {
            assert.match(end.printed, /"still":\{"command":"[a-z ]+","since":"/, where);
            assert.equal(lastProgress(end.printed)?.still, undefined, "it is over");
          }
        }
      }
    },
  });
}

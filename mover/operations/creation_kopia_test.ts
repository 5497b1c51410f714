import assert from "node:assert/strict";
import { startVersitygw, type Versitygw } from "../../tests/cluster/mod.ts";
import { partTest } from "../../tests/parts/mod.ts";
import {
  bootstrapOf,
  failureOf,
  makeMoverFolder,
  type MoverCase,
  type MoverEnd,
  type MoverFolder,
  runCase,
} from "../support/mover_case.ts";
import { kopiaPath, PlainKopia, writeExecutable } from "../support/real_kopia.ts";

const orCreate = { bootstrap: { create: {} } };
const FIRST_WRITE = "/backups/one/kopia.blobcfg";

/** A way to a server on which one write waits until it is let go. */
class HeldWrite implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #begun = Promise.withResolvers<void>();
  readonly #letGo = Promise.withResolvers<void>();
  readonly #server: string;
  readonly #path: string;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;

  constructor(server: string, path: string) {
    this.#server = server;
    this.#path = path;
    this.#serving = this.#serve();
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Resolves when the write was begun. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  letGo(): void {
    this.#letGo.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.letGo();
    this.#listener.close();
    for (const each of this.#connections) {
      try {
        each.close();
      } catch {
        // Its other end went first.
      }
    }
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const relays: Promise<unknown>[] = [];
    for await (const client of this.#listener) {
      const [hostname = "", port] = this.#server.split(":");
      const server = await Deno.connect({ hostname, port: Number(port) });
      for (const each of [client, server]) this.#connections.add(each);
      relays.push(this.#relay(client, server), server.readable.pipeTo(client.writable));
      for (const each of relays.slice(-2)) each.catch(() => undefined);
    }
    await Promise.allSettled(relays);
  }

  async #relay(client: Deno.TcpConn, server: Deno.TcpConn): Promise<void> {
    const writer = server.writable.getWriter();
    for await (const bytes of client.readable) {
      if (new TextDecoder("latin1").decode(bytes).startsWith(`PUT ${this.#path} `)) {
        this.#begun.resolve();
        await this.#letGo.promise;
      }
      await writer.write(bytes);
    }
    await writer.close();
  }
}

async function onS3(
  folder: MoverFolder,
  server: Versitygw,
  endpoint: string,
): Promise<Omit<MoverCase, "operation">> {
  return {
    folder,
    binary: await kopiaPath(),
    repository: {
      s3: {
        ...{ bucket: "backups", endpoint, prefix: "one/" },
        ...{ disableTls: true, insecureSkipVerify: false, privateCa: false },
      },
    },
    environment: { AWS_ACCESS_KEY_ID: server.accessKey, AWS_SECRET_ACCESS_KEY: server.secretKey },
  };
}

/** A kopia that writes down each command that has ended. */
async function tellingKopia(folder: MoverFolder): Promise<string> {
  const ended = folder.at("ended");
  await Deno.writeTextFile(ended, "");
  return await writeExecutable(
    folder.at("telling"),
    `'${await kopiaPath()}' "$@"; code=$?; echo "$1 $2" >>'${ended}'; exit $code`,
  );
}

/** Waits until the commands of such a kopia have ended. */
async function haveEnded(folder: MoverFolder, commands: readonly string[]): Promise<void> {
  while (await Deno.readTextFile(folder.at("ended")) !== commands.map((each) => `${each}\n`).join("")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The creator whose write came late, and the one it came over. */
async function lateWrite(password: string): Promise<{
  readonly late: MoverEnd;
  readonly early: MoverEnd;
  readonly again: MoverEnd;
}> {
  await using one = await makeMoverFolder();
  await using other = await makeMoverFolder();
  await using server = await startVersitygw({ buckets: ["backups"] });
  await using way = new HeldWrite(server.endpoint, FIRST_WRITE);
  const held = await onS3(one, server, way.endpoint);
  const late = runCase({ ...held, operation: orCreate, settleSeconds: 1 });
  await way.begun;
  const direct = await onS3(other, server, server.endpoint);
  const environment = { ...direct.environment, KOPIA_PASSWORD: password };
  const binary = await tellingKopia(other);
  const early = runCase({ ...direct, binary, environment, operation: orCreate, settleSeconds: 10 });
  await haveEnded(other, ["repository status", "repository create", "repository status"]);
  way.letGo();
  const ends = { late: await late, early: await early };
  return { ...ends, again: await runCase({ ...direct, environment, operation: orCreate }) };
}

const parts = ["kopia", "versitygw", "janitor", "setpriv"] as const;

partTest({
  name:
    "bootstrap() on S3 does not tell a repository as made over which another was created, and opens that one next",
  parts,
  fn: async () => {
    const { late, early, again } = await lateWrite("correct horse battery");
    const { uniqueId, created } = bootstrapOf(late);
    assert.equal(created, true);
    assert.equal(failureOf(early).class, "CreationContested");
    assert.match(failureOf(early).message, /another was created in the same storage at the same moment/);
    assert.equal(failureOf(early).nothingSaved, true);
    assert.equal(early.exitCode, 1, "another try opens it");
    const opened = bootstrapOf(again);
    assert.deepEqual([opened.uniqueId, opened.created], [uniqueId, false]);
  },
});

partTest({
  name:
    "bootstrap() says that another was created at the same moment before it says that the password is wrong",
  parts,
  fn: async () => {
    const { late, early, again } = await lateWrite("another password");
    assert.equal(bootstrapOf(late).created, true);
    assert.equal(failureOf(early).class, "CreationContested");
    assert.equal(failureOf(again).class, "AuthFailure");
  },
});

partTest({
  name:
    "bootstrap() of two on one volume at the same moment leaves one repository, and tells no other as made",
  parts: ["kopia"],
  fn: async () => {
    await using one = await makeMoverFolder();
    await using other = await makeMoverFolder();
    await Deno.mkdir(one.at("repository"));
    const repository = { filesystem: { path: one.at("repository") } };
    const binary = await kopiaPath();
    const bootstrap = (folder: MoverFolder) =>
      runCase({ folder, binary, repository, operation: orCreate, settleSeconds: 2 });
    const ends = await Promise.all([bootstrap(one), bootstrap(other)]);
    const made = ends.filter(({ result }) => "bootstrap" in result).map((end) => bootstrapOf(end).uniqueId);
    for (const end of ends.filter(({ result }) => "failure" in result)) {
      assert.equal(failureOf(end).class, "CreationContested");
    }
    const plain = new PlainKopia(binary, one);
    await mendHalves(bootstrap(one), one);
    const [first, second] = [bootstrapOf(await bootstrap(one)), bootstrapOf(await bootstrap(other))];
    assert.equal(first.uniqueId, second.uniqueId);
    assert.deepEqual([...new Set(made)].filter((each) => each !== first.uniqueId), []);
    await plain.connect(repository.filesystem.path);
    assert.deepEqual(await plain.list(), []);
  },
});

/** What the failure says is done by hand, where the writes of two creators crossed. */
async function mendHalves(next: Promise<MoverEnd>, folder: MoverFolder): Promise<void> {
  const { result } = await next;
  if (!("failure" in result)) return;
  assert.equal(result.failure.class, "CreationContested");
  assert.match(result.failure.message, /move kopia\.blobcfg out of the storage/);
  await Deno.remove(folder.at("repository", "kopia.blobcfg.f"));
}

partTest({
  name:
    "bootstrap() opens a repository beside which the blobcfg of another was left, once that is moved away",
  parts: ["kopia"],
  fn: async () => {
    await using folder = await makeMoverFolder();
    const binary = await kopiaPath();
    await new PlainKopia(binary, folder).create(folder.at("other"));
    await Deno.mkdir(folder.at("repository"));
    bootstrapOf(await runCase({ folder, binary, operation: orCreate }));
    await Deno.copyFile(folder.at("other", "kopia.blobcfg.f"), folder.at("repository", "kopia.blobcfg.f"));
    const bootstrap = () => runCase({ folder, binary, operation: { bootstrap: {} } });
    const halves = bootstrap();
    assert.ok("failure" in (await halves).result);
    await mendHalves(halves, folder);
    assert.equal(bootstrapOf(await bootstrap()).created, false);
  },
});

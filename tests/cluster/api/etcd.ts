import { join } from "node:path";

/** The argv of a single-member etcd that listens on one address and keeps nothing safe: its data dies with the test. */
export function etcdArgv(etcd: string, address: string, folder: string): readonly string[] {
  const client = `http://${address}:2379`;
  const peer = `http://${address}:2380`;
  return [
    etcd,
    "--name=test",
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
    "--unsafe-no-fsync",
    "--auto-compaction-retention=0",
    "--quota-backend-bytes=4294967296",
    "--log-level=warn",
  ];
}

/** Forgets every revision before the present one, so that older resource versions answer 410 Gone. */
export async function compactEtcd(address: string): Promise<void> {
  const range = await etcdCall(address, "kv/range", {
    key: new TextEncoder().encode("/").toBase64(),
    limit: 1,
  });
  const header = typeof range === "object" && range !== null && "header" in range ? range.header : undefined;
  const revision = typeof header === "object" && header !== null && "revision" in header
    ? header.revision
    : undefined;
  if (typeof revision !== "string") {
    throw new Error(`Cannot compact etcd: its answer has no revision: ${JSON.stringify(range)}`);
  }
  await etcdCall(address, "kv/compaction", { revision, physical: true });
}

async function etcdCall(address: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`http://${address}:2379/v3/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Cannot call etcd's ${path}: it answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/**
 * What a controller cannot do without: reads a kubeconfig, lists every Backup in pages and keeps them. It then
 * waits until its input ends. Usage: list_and_keep <kubeconfig> <path of the list>
 */
const [kubeconfigPath = "", path = ""] = Deno.args;
const { clusters: [{ cluster }], users: [{ user }] } = JSON.parse(Deno.readTextFileSync(kubeconfigPath));
const client = Deno.createHttpClient({
  caCerts: [atob(cluster["certificate-authority-data"])],
  cert: atob(user["client-certificate-data"]),
  key: atob(user["client-key-data"]),
});

const kept = new Map<string, unknown>();
let next = "";
do {
  const query = `limit=500${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`;
  const page = await (await fetch(`${cluster.server}${path}?${query}`, { client })).json();
  for (const item of page.items) {
    delete item.metadata.managedFields;
    kept.set(item.metadata.uid, item);
  }
  next = page.metadata.continue ?? "";
} while (next !== "");

console.log(`kept ${kept.size}`);
for await (const _ of Deno.stdin.readable);
console.log(`still kept ${kept.size}`);

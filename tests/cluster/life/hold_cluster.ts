/** `hold_cluster.ts NAME hold|keep`: starts a cluster and holds it until killed, or leaves it; for the tests. */
import { startCluster } from "../mod.ts";

if (import.meta.main) {
  const [name = "held", mode = "hold"] = Deno.args;
  const cluster = await startCluster({ name, progress: (line) => console.log(line) });
  if (mode === "keep") {
    await cluster.keep();
    console.log("kept");
  } else {
    console.log("held");
    setInterval(() => undefined, 1000);
  }
}

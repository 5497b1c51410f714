import { stringify } from "yaml";
import { backupKind } from "../../../api/mod.ts";
import { resourceOf } from "../../../kube/mod.ts";
import type { DeletionsListRequest } from "./args.ts";
import { heldDocument, heldTable } from "./view.ts";
import { EXIT } from "../../exit_code.ts";
import { type HeldDeletion, heldDeletions } from "./held.ts";
import type { Host } from "../../host.ts";
import { type PluginSession, withinLimit } from "../session.ts";
import { wantsColor } from "../../terminal.ts";

/** Prints the held deletions. */
export async function listDeletions(
  host: Pick<Host, "stdout" | "env">,
  session: PluginSession,
  { format }: Pick<DeletionsListRequest, "format">,
  now: Date,
): Promise<number> {
  const { namespace } = session;
  const held = await readHeld(session);
  const color = wantsColor(host.stdout, host.env);
  switch (format) {
    case "table":
      host.stdout.write(heldTable(held, { allNamespaces: namespace === "", color, now }));
      break;
    case "json":
      host.stdout.write(`${JSON.stringify(heldDocument(held, namespace, now), null, 2)}\n`);
      break;
    case "yaml":
      host.stdout.write(stringify(heldDocument(held, namespace, now), { lineWidth: 0 }));
      break;
    default:
      format satisfies never;
  }
  return EXIT.ok;
}

/** Reads the held deletions of the session's namespace, or of all. */
export async function readHeld({ api, namespace, stop }: PluginSession): Promise<readonly HeldDeletion[]> {
  return heldDeletions(
    await withinLimit(
      "list Backups",
      stop,
      (signal) => api.list(resourceOf(backupKind), { namespace }, signal),
    ),
  );
}

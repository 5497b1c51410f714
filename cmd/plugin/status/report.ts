import { stringify } from "yaml";
import type { StatusFormat, StatusRequest } from "./args.ts";
import { EXIT } from "../../exit_code.ts";
import { harmlessText } from "../text.ts";
import type { Host } from "../../host.ts";
import { buildStatus, OUR_KINDS, type StatusDocument } from "./document.ts";
import type { Listings } from "./objects.ts";
import { renderStatus, type ViewOptions } from "./view.ts";
import { wantsColor } from "../../terminal.ts";

/**
 * Prints the status of the listings and returns the exit code: 1 when nothing of kopiur may be seen, when there is no
 * such namespace, and with `check` when something is unhealthy (`health.ts`); a cluster that does not answer throws.
 */
export function reportStatus(
  host: Pick<Host, "stdout" | "stderr" | "env">,
  listings: Listings,
  { format, check, namespace }: Pick<StatusRequest, "format" | "check"> & { readonly namespace: string },
  now: Date,
): number {
  const document = buildStatus(listings, namespace, now);
  const look = { cut: host.stdout.isTerminal, color: wantsColor(host.stdout, host.env), now };
  host.stdout.write(formatStatus(document, format, look));
  const code = check ? reportHealth(host, document) : EXIT.ok;
  if (!OUR_KINDS.some((kind) => listings[kind].kind === "listed")) {
    const where = namespace === "" ? "in all namespaces" : `in namespace "${namespace}"`;
    return cannotSee(
      host,
      `you may list no kind of kopiur ${where}, expected the right to list at least one`,
    );
  }
  const { namespaces } = listings;
  const isThere = namespace === "" || namespaces.kind === "forbidden" || namespaces.objects.length > 0;
  return isThere
    ? code
    : cannotSee(host, `there is no namespace "${namespace}", expected one of the cluster`);
}

function cannotSee({ stderr }: Pick<Host, "stderr">, why: string): number {
  stderr.write(`error: Cannot see the status: ${why}\n`);
  return EXIT.failed;
}

function formatStatus(
  document: StatusDocument,
  format: StatusFormat,
  look: Pick<ViewOptions, "cut" | "color" | "now">,
): string {
  switch (format) {
    case "table":
    case "wide":
      return renderStatus(document, { wide: format === "wide", ...look });
    case "json":
      return `${JSON.stringify(document, null, 2)}\n`;
    case "yaml":
      return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  }
}

function reportHealth({ stderr }: Pick<Host, "stderr">, document: StatusDocument): number {
  for (const { kind, namespace, name, reason, message } of document.unhealthy) {
    const place = kind === "Namespace" ? name : `${namespace}/${name}`;
    stderr.write(`unhealthy: ${kind} ${place}: ${harmlessText(`${reason}: ${message}`)}\n`);
  }
  for (const what of document.forbidden) {
    // An uncovered claim is not unhealthy, so hidden claims are not either.
    const word = what === "claims" || what === "namespaces" ? "not seen" : "unhealthy";
    stderr.write(`${word}: the ${what} may not be listed\n`);
  }
  return document.healthy ? EXIT.ok : EXIT.failed;
}

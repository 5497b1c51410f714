import { TransientError } from "../../api/errors.ts";
import { isExpired } from "../errors.ts";
import { isRecord, keptObject } from "../received_object.ts";
import { resourceId } from "../resources.ts";
import type { Transport } from "../transport/transport.ts";
import type { KubeObject, Resource } from "../types.ts";

/** Which objects to list or watch. */
export interface Selection {
  readonly resource: Resource;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  /** With `metadataOnly`: also keep these fields, as `status.phase`; the server then sends whole objects. */
  readonly fields?: readonly string[];
}

/** Gets the pages of a list. */
export interface PageTaker {
  /** Called before the first page, and again when the list restarts: earlier pages are then void. */
  begin(): void;
  page(objects: readonly KubeObject[]): void;
}

const pageSize = 500;
const pageTimeoutSeconds = 60;

/** Query of list and watch for a selection. */
export function selectionQuery({ labelSelector, fieldSelector }: Selection): Record<string, string> {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

/**
 * Lists all current objects, page by page, and returns their resourceVersion. When the
 * server forgets the list between two pages (410), it is listed again in one piece.
 */
export async function listPages(
  transport: Transport,
  selection: Selection,
  taker: PageTaker,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await listOnce(transport, selection, taker, signal, pageSize);
  } catch (error) {
    if (!isExpired(error)) throw error;
    return await listOnce(transport, selection, taker, signal, undefined);
  }
}

async function listOnce(
  transport: Transport,
  selection: Selection,
  taker: PageTaker,
  signal: AbortSignal,
  limit: number | undefined,
): Promise<string> {
  taker.begin();
  for (let asked = askForPage(transport, selection, { limit }, signal);;) {
    const page = readPage(await asked, selection);
    const { next } = page;
    if (next !== "") {
      asked = askForPage(transport, selection, { limit, next }, signal);
      // Nobody awaits it when the code below throws.
      asked.catch(() => undefined);
      // Lets the request be sent, so that the server prepares that page while this one is processed.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    taker.page(page.objects);
    if (next === "") return page.resourceVersion;
  }
}

function askForPage(
  transport: Transport,
  selection: Selection,
  { limit, next }: { readonly limit: number | undefined; readonly next?: string },
  signal: AbortSignal,
): Promise<unknown> {
  const { resource, namespace, metadataOnly = false, fields } = selection;
  return transport.send({
    verb: "list",
    resource,
    target: namespace === undefined ? {} : { namespace },
    query: {
      ...selectionQuery(selection),
      ...(limit === undefined ? {} : { limit: String(limit) }),
      ...(next === undefined ? {} : { continue: next }),
    },
    metadataOnly: metadataOnly && fields === undefined,
    timeoutSeconds: pageTimeoutSeconds,
  }, signal);
}

interface Page {
  readonly objects: readonly KubeObject[];
  readonly next: string;
  readonly resourceVersion: string;
}

function readPage(answer: unknown, { resource, fields }: Selection): Page {
  const { metadata, items } = isRecord(answer) ? answer : {};
  if (!isRecord(metadata) || typeof metadata.resourceVersion !== "string" || !isItems(items)) {
    throw new TransientError(
      "KubeApiError",
      `Cannot list ${
        resourceId(resource)
      }: the answer is no list, expected metadata.resourceVersion and items`,
    );
  }
  const objects = (items ?? []).map((item) => keptObject(item, resource, fields)).filter((object) =>
    object !== undefined
  );
  const next = typeof metadata.continue === "string" ? metadata.continue : "";
  return { objects, next, resourceVersion: metadata.resourceVersion };
}

/** Some servers write an empty list as null. */
function isItems(items: unknown): items is readonly unknown[] | null {
  return items === null || Array.isArray(items);
}

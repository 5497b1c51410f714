import type { Reader } from "../../kube/types.ts";

/** A reader that is like another one but for what is given, as one whose caches are behind. */
export function readerOver(reader: Reader, differs: Partial<Reader>): Reader {
  return {
    get: (resource, key) => reader.get(resource, key),
    list: (resource, query) => reader.list(resource, query),
    count: (resource, query) => reader.count(resource, query),
    read: (resource, key, signal) => reader.read(resource, key, signal),
    readLog: (pod, part, signal) => reader.readLog(pod, part, signal),
    serverNow: () => reader.serverNow(),
    ...differs,
  };
}

/** Which objects are meant. */
export interface ObjectFolder {
  readonly apiVersion: string;
  readonly kind: string;
  /** Left out for what belongs to the cluster. */
  readonly namespace?: string | undefined;
}

/** The path under which an API server keeps the objects of a kind; its plural is the regular English one. */
export function pathOf({ apiVersion, kind, namespace }: ObjectFolder): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = namespace === undefined ? "" : `/namespaces/${namespace}`;
  return `${root}${within}/${pluralOf(kind.toLowerCase())}`;
}

function pluralOf(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}

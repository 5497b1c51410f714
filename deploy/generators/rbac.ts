import { stringify } from "yaml";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** What the controller does to a resource, as its kinds declare it. */
export interface Permission {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
}

/** RBAC rules of the chart's ClusterRole: one rule per resource, sorted, nothing that no kind declares. */
export function rbacFile(permissions: readonly Permission[]): GeneratedFile {
  const merged = new Map<string, { group: string; resource: string; verbs: Set<string> }>();
  for (const { group, resource, verbs } of permissions) {
    const key = `${group}/${resource}`;
    const rule = merged.get(key) ?? { group, resource, verbs: new Set<string>() };
    for (const verb of verbs) rule.verbs.add(verb);
    merged.set(key, rule);
  }
  const rules = [...merged.keys()].sort().flatMap((key) => {
    const rule = merged.get(key);
    if (rule === undefined) return [];
    return [{ apiGroups: [rule.group], resources: [rule.resource], verbs: [...rule.verbs].sort() }];
  });
  return {
    path: "deploy/chart/files/rbac-rules.yaml",
    text: `${generatedNotice("what each kind declares", "#")}\n${stringify(rules, { lineWidth: 0 })}`,
  };
}

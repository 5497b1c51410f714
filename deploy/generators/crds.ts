import { stringify } from "yaml";
import { ALL_KINDS, customResourceDefinition } from "../../api/mod.ts";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** A CRD manifest per kind, and its byte-identical copy in the chart. */
export function crdFiles(): readonly GeneratedFile[] {
  return ALL_KINDS.flatMap((definition) => {
    const yaml = stringify(customResourceDefinition(definition), {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    });
    const text = `${generatedNotice("api/", "#")}\n${yaml}`;
    const name = `${definition.plural}.yaml`;
    return [{ path: `deploy/crds/${name}`, text }, { path: `deploy/chart/files/crds/${name}`, text }];
  });
}

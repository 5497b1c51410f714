import { type Command, InvalidArgumentError, Option } from "commander";
import { namespaceName } from "../config/variable_schema.ts";

/** The cluster and namespace of a command. */
export interface Place {
  /** All namespaces, a named one, or that of the kubeconfig's context. */
  readonly scope: { readonly kind: "all" } | { readonly kind: "one"; readonly namespace: string } | {
    readonly kind: "context";
  };
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** The options of {@link addPlaceOptions}, as commander parses them. */
export interface PlaceOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Adds kubectl's options for cluster and namespace; `-A` only with "any namespace". */
export function addPlaceOptions(command: Command, reach: "any namespace" | "one namespace"): Command {
  command.addOption(
    new Option("-n, --namespace <name>", "look at this namespace (default: that of the context)")
      .argParser(parseNamespace),
  );
  if (reach === "any namespace") {
    command.addOption(
      new Option("-A, --all-namespaces", "look at all namespaces").conflicts("namespace"),
    );
  }
  return command
    .option("--context <name>", "use this context of the kubeconfig")
    .option("--kubeconfig <file>", "use this kubeconfig (default: KUBECONFIG, else ~/.kube/config)");
}

/** The place given by the options. */
export function placeOf({ namespace, allNamespaces, kubeconfig, context }: PlaceOptions): Place {
  return {
    scope: allNamespaces
      ? { kind: "all" }
      : namespace === undefined
      ? { kind: "context" }
      : { kind: "one", namespace },
    kubeconfig,
    context,
  };
}

function parseNamespace(text: string): string {
  if (namespaceName.safeParse(text).success) return text;
  throw new InvalidArgumentError("expected lower-case letters, digits and hyphens, 63 at most");
}

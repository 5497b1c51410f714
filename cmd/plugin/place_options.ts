import { type Command, InvalidArgumentError, Option } from "commander";
import { namespaceName } from "../config/variable_schema.ts";

/** Which cluster a command of the plugin asks, and where in it. */
export interface Place {
  /** All namespaces, one, or the one of the kubeconfig's context. */
  readonly scope: { readonly kind: "all" } | { readonly kind: "one"; readonly namespace: string } | {
    readonly kind: "context";
  };
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** What commander makes of the options of {@link addPlaceOptions}. */
export interface PlaceOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Adds the options by which kubectl says where; `-A` only to a command that can look everywhere. */
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

/** The place these options name. */
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

/** What the demo was asked to do. */
export type DemoCommand =
  | { readonly kind: "up"; readonly context?: string; readonly image?: string; readonly namespace: string }
  | { readonly kind: "down"; readonly context?: string; readonly namespace: string }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

/** Reads the demo's arguments; a wrong one says what is accepted. */
export function parseDemoArguments(args: readonly string[]): DemoCommand {
  const options: { context?: string; image?: string; namespace: string } = { namespace: "kopiur-demo" };
  let kind: "up" | "down" = "up";
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    if (argument === "--") continue;
    if (argument === "up" || argument === "down") {
      kind = argument;
      continue;
    }
    if (argument === "--help" || argument === "-h" || argument === "help") return { kind: "help" };
    const [flag = "", inline] = argument.split("=", 2);
    if (flag !== "--context" && flag !== "--image" && flag !== "--namespace") {
      return {
        kind: "wrong",
        message: `Cannot understand '${argument}', expected up, down, --context, --image or --namespace`,
      };
    }
    const value = inline ?? args[index += 1];
    if (value === undefined || value === "") {
      return { kind: "wrong", message: `Cannot use '${flag}': it has no value` };
    }
    options[flag.slice(2) as "context" | "image" | "namespace"] = value;
  }
  if (kind === "down") {
    return {
      kind,
      namespace: options.namespace,
      ...(options.context === undefined ? {} : { context: options.context }),
    };
  }
  if (options.context !== undefined && options.image === undefined) {
    return {
      kind: "wrong",
      message: "Cannot use '--context' without '--image': that cluster has to pull the image from somewhere",
    };
  }
  return { kind, ...options };
}

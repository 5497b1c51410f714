/** Where the demo runs and what it is called there. */
export interface DemoOptions {
  /** The namespace of the volume and its backup. */
  readonly namespace: string;
  /** The name of the embedded cluster. */
  readonly cluster: string;
  /** A context of the user's kubeconfig; the embedded cluster when left out. */
  readonly context?: string;
}

/** What the demo was asked to do. */
export type DemoCommand =
  | { readonly kind: "up"; readonly options: DemoOptions; readonly image?: string }
  | { readonly kind: "down"; readonly options: DemoOptions }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly message: string };

const flags = ["--context", "--image", "--namespace", "--cluster"] as const;
type Flag = typeof flags[number];

/** Reads the demo's arguments; a wrong one says what is accepted. */
export function parseDemoArguments(args: readonly string[]): DemoCommand {
  const given: Partial<Record<Flag, string>> = {};
  let kind: "up" | "down" = "up";
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? "";
    if (argument === "--") continue;
    if (argument === "up" || argument === "down") {
      kind = argument;
      continue;
    }
    if (argument === "--help" || argument === "-h" || argument === "help") return { kind: "help" };
    const [name = "", inline] = argument.split("=", 2);
    const flag = flags.find((each) => each === name);
    if (flag === undefined) {
      return wrong(`Cannot understand '${argument}', expected up, down, ${flags.join(", ")}`);
    }
    const value = inline ?? args[index += 1];
    if (value === undefined || value === "") return wrong(`Cannot use '${flag}': it has no value`);
    given[flag] = value;
  }
  return commandOf(kind, given);
}

function commandOf(kind: "up" | "down", given: Partial<Record<Flag, string>>): DemoCommand {
  const { "--context": context, "--image": image } = given;
  if (context !== undefined && given["--cluster"] !== undefined) {
    return wrong(
      "Cannot use '--context' with '--cluster': one names a cluster of yours, the other the embedded one",
    );
  }
  const options = {
    namespace: given["--namespace"] ?? "kopiur-demo",
    cluster: given["--cluster"] ?? "demo",
    ...(context === undefined ? {} : { context }),
  };
  if (kind === "down") return { kind, options };
  if (context !== undefined && image === undefined) {
    return wrong(
      "Cannot use '--context' without '--image': that cluster has to pull the image from somewhere",
    );
  }
  if (context === undefined && image !== undefined) {
    return wrong(
      "Cannot use '--image' without '--context': the embedded cluster runs the image of this tree",
    );
  }
  return { kind, options, ...(image === undefined ? {} : { image }) };
}

function wrong(message: string): DemoCommand {
  return { kind: "wrong", message };
}

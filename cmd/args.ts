import { Command, CommanderError, Option } from "commander";
import { versionText } from "./build.ts";
import { controllerHelp, HELP_WIDTH, kopiurHelp, moverHelp, pluginHelp } from "./help_text.ts";
import { addPluginCommands, type PluginInvocation } from "./plugin/args.ts";

/** A parsed command line. */
export type Invocation =
  | { readonly kind: "controller" }
  | { readonly kind: "mover" }
  | { readonly kind: "version"; readonly format: "text" | "json" }
  | PluginInvocation
  /** The user asked for help. */
  | { readonly kind: "help"; readonly text: string }
  /** A wrong command line; the text is the error with a hint. */
  | { readonly kind: "misuse"; readonly text: string };

/** The name under which kubectl finds its plugin. */
const PLUGIN_NAME = "kubectl-kopiur";

/** Parses a command line; `calledAs` is the name or path the program was started by. Never throws. */
export function parseArgs(calledAs: string, args: readonly string[]): Invocation {
  const printed = { out: "", error: "" };
  let found: Invocation | undefined;
  const isPlugin = /([^/\\]*)$/.exec(calledAs)?.[1]?.startsWith(PLUGIN_NAME) ?? false;
  const program = buildProgram(isPlugin, (invocation) => found = invocation);
  for (const command of withSubcommands(program)) {
    const hint = `Run "${fullName(command)} --help" to see what there is`;
    command.allowExcessArguments(false).showHelpAfterError(hint).exitOverride().configureOutput({
      writeOut: (text) => printed.out += text,
      writeErr: (text) => printed.error += text,
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  }
  try {
    program.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "help", text: printed.out };
    return { kind: "misuse", text: `${printed.error.trimEnd()}\n` };
  }
  return found ?? { kind: "misuse", text: program.helpInformation() };
}

function buildProgram(isPlugin: boolean, settle: (invocation: Invocation) => void): Command {
  const program = new Command(isPlugin ? "kubectl kopiur" : "kopiur")
    .usage("<command> [options]")
    .description(isPlugin ? pluginHelp.about : kopiurHelp.about)
    .helpOption("-h, --help", "show this help, or that of a command")
    .helpCommand("help [command]", "show the help of a command")
    .version(versionText(), "-V, --version", "print what this program was built from")
    .addHelpText("after", isPlugin ? pluginHelp.after : kopiurHelp.after);
  if (!isPlugin) addRoles(program, settle);
  addPluginCommands(program, settle);
  program.command("version")
    .summary("print what this program was built from")
    .description("Prints version, commit and build date.")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .action((options: { readonly output: "text" | "json" }) =>
      settle({ kind: "version", format: options.output })
    );
  return program;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

function withSubcommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function addRoles(program: Command, settle: (invocation: Invocation) => void): void {
  const [controller, mover] = [controllerHelp(), moverHelp()];
  program.command("controller")
    .summary("reconcile the custom resources of a cluster")
    .description(controller.about)
    .addHelpText("after", controller.after)
    .action(() => settle({ kind: "controller" }));
  program.command("mover")
    .summary("do one piece of work on a repository (started by the controller)")
    .description(mover.about)
    .addHelpText("after", mover.after)
    .action(() => settle({ kind: "mover" }));
}

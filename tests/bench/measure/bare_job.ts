import * as z from "zod";
import type { KopiaCommand } from "../../../mover/kopia/argv.ts";

/** What is taken over from a mover Job; all the rest of its pod stays as it is. */
const moverJob = z.object({
  spec: z.object({
    backoffLimit: z.number(),
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        containers: z.tuple([
          z.looseObject({ args: z.unknown(), volumeMounts: z.array(z.unknown()) }),
        ]),
        volumes: z.array(z.unknown()),
      }),
    }),
  }),
});

/** Where the bare Job finds its shell. */
const toolsPath = "/tools";

/** What the bare Job is called, runs and mounts. */
export interface BareJobChoices {
  readonly name: string;
  readonly commands: readonly KopiaCommand[];
  /** Claim of a volume with a static busybox at its root. */
  readonly toolsClaim: string;
}

/**
 * The Job of a mover with kopia in the mover's place: same image, volumes, user and limits, but the commands run one
 * after another in a shell, with their output thrown away. Throws when `job` is not the Job of a mover.
 */
export function bareJob(job: unknown, choices: BareJobChoices): unknown {
  const { spec: { backoffLimit, template: { metadata: { annotations }, spec: pod } } } = moverJob.parse(job);
  const [{ args: _ofMover, ...container }] = pod.containers;
  const tools = { name: "tools", persistentVolumeClaim: { claimName: choices.toolsClaim, readOnly: true } };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: choices.name },
    spec: {
      backoffLimit,
      template: {
        // Its work spec is mounted from there.
        metadata: { annotations },
        spec: {
          ...pod,
          containers: [{
            ...container,
            command: [`${toolsPath}/busybox`, "sh", "-ec", shellScript(choices.commands)],
            volumeMounts: [...container.volumeMounts, {
              name: "tools",
              mountPath: toolsPath,
              readOnly: true,
            }],
          }],
          volumes: [...pod.volumes, tools],
        },
      },
    },
  };
}

function shellScript(commands: readonly KopiaCommand[]): string {
  return commands.map(({ args }) => `kopia ${args.map(quoted).join(" ")} >/dev/null`).join("\n");
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

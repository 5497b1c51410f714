import * as z from "zod";

const messageSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("step"), text: z.string() }),
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("failed"), message: z.string() }),
]);

/** What a supervisor tells the process that started it. */
export type SupervisorMessage = Readonly<z.infer<typeof messageSchema>>;

/** Reads one line of a supervisor's standard output. */
export function parseSupervisorMessage(line: string): SupervisorMessage {
  return messageSchema.parse(JSON.parse(line));
}

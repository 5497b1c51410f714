/** What the compiled binary is granted for all its roles together, and one role may give back. */
type Unneeded = "net" | "run" | "write";

/**
 * Gives permissions of the whole process back, for good: the binary is granted what any role needs (deploy/compile), and
 * nothing that is loaded by mistake or malice should have more than its own role.
 */
export function giveUp(...names: readonly Unneeded[]): void {
  for (const name of names) Deno.permissions.revokeSync({ name });
}

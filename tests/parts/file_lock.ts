import { dirname } from "node:path";

/**
 * Runs `work` while holding an exclusive lock on the file at `path`, across processes.
 * The kernel drops the lock with its holder, so a crash never leaves one behind.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await Deno.mkdir(dirname(path), { recursive: true });
  const file = await Deno.open(path, { create: true, write: true });
  try {
    await file.lock(true);
    return await work();
  } finally {
    file.close();
  }
}

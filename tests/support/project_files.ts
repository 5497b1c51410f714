const root = new URL("../../", import.meta.url);

/** Paths of the files of this repository that end in one of `endings`, from its root; nothing that was built. */
export async function projectFiles(endings: readonly string[], folder = ""): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder === "" ? "." : `${folder}/`, root))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (name.startsWith(".") || name === "build" || name === "node_modules") continue;
    if (isDirectory) files.push(...await projectFiles(endings, path));
    else if (endings.some((ending) => name.endsWith(ending))) files.push(path);
  }
  return files;
}

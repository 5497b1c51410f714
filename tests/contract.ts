const stateWords = ["done", "partly", "to come"];

/** How many promises a text of the form of deploy/docs/contract.md holds, and what is wrong with them. */
export interface Judgement {
  readonly promises: number;
  readonly faults: readonly string[];
}

/**
 * Looks for what the tables of promises in `text` name: files and folders in backticks, and names of tests in
 * quotes behind the file that holds them. `read` gives the text of a file, "" for a folder, nothing where
 * neither is.
 */
export async function judgeContract(
  text: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<Judgement> {
  const faults: string[] = [];
  let inTable = false;
  let promises = 0;
  for (const [index, line] of text.split("\n").entries()) {
    const [promise, state = "", decidedIn = "", shownBy = ""] = cellsOf(line);
    if (promise === undefined || promise === "promise") inTable = promise === "promise";
    else if (inTable && !promise.startsWith("---")) {
      promises++;
      const found = await faultsOf(state, decidedIn, shownBy, read);
      faults.push(...found.map((fault) => `${index + 1}: ${fault}`));
    }
  }
  return { promises, faults };
}

function cellsOf(line: string): readonly string[] {
  return line.startsWith("|") ? line.split("|").slice(1, -1).map((cell) => cell.trim()) : [];
}

async function faultsOf(
  state: string,
  decidedIn: string,
  shownBy: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<readonly string[]> {
  if (!stateWords.includes(state)) return [`"${state}" is no state, expected ${stateWords.join(", ")}`];
  const faults: string[] = [];
  if (state !== "to come") {
    if (!decidedIn.includes("`")) faults.push("names no place where it is decided");
    if (!shownBy.includes("_test.ts`")) faults.push("names no test");
  }
  for (const [, path = ""] of decidedIn.matchAll(/`([^`]+)`/g)) {
    if (await read(path) === undefined) faults.push(`${path} is not there`);
  }
  let source: string | undefined;
  let file = "";
  for (const [, path, test] of shownBy.matchAll(/`([^`]+)`|"([^"]+)"/g)) {
    if (path !== undefined) {
      [file, source] = [path, await read(path)];
      if (source === undefined) faults.push(`${path} is not there`);
    } else if (!source?.includes(`"${test}"`)) faults.push(`${file} has no test "${test}"`);
  }
  return faults;
}

import * as z from "zod";
import { refusedExtraArgs } from "../api/kopia_policy.ts";
import {
  CONTRACT_VERSION,
  MOVER_ENV,
  type MoverOperationName,
  OPERATION_NAMES,
  operationKey,
  type WorkSpec,
  workSpec,
} from "../api/mover/contract.ts";
import { IDENTITY_FORM } from "../api/words.ts";
import { MoverError } from "./mover_error.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const knownOperations = Object.keys(OPERATION_NAMES);
/** Kopia splits `key:value` at the first ":". */
const tagKeyForm = /^[^:\p{Cc}]+$/u;

/**
 * Reads a work spec. Throws MoverError "InvalidWorkSpec". An unknown version or operation is named in the message:
 * controller and mover may be of different releases during an upgrade.
 */
export function parseWorkSpec(text: string): WorkSpec {
  const json = parseJson(text);
  refuseUnknownVersion(json);
  refuseUnknownOperation(json);
  refuseExtraArgs(json);
  const parsed = workSpec.safeParse(json);
  if (!parsed.success) throw invalid(describeIssue(parsed.error));
  refuseAmbiguousText(parsed.data);
  return parsed.data;
}

/** The operation's name in results and metrics. */
export function operationName(spec: WorkSpec): MoverOperationName {
  return OPERATION_NAMES[operationKey(spec.operation)];
}

/**
 * Refuses a missing password or storage key: kopia would ask a terminal for it. White space alone counts as missing,
 * as kopia trims. Throws MoverError "AuthFailure" or "AccessDenied".
 */
export function refuseMissingSecrets(spec: WorkSpec, environment: Environment): void {
  if (isMissing(environment, MOVER_ENV.password)) {
    throw new MoverError("AuthFailure", missingVariable(MOVER_ENV.password, "the repository's password"));
  }
  if (!("s3" in spec.repository)) return;
  for (const name of [MOVER_ENV.awsAccessKeyId, MOVER_ENV.awsSecretAccessKey, MOVER_ENV.awsSessionToken]) {
    if (name !== MOVER_ENV.awsSessionToken && isMissing(environment, name)) {
      throw new MoverError("AccessDenied", missingVariable(name, "the key of the S3 storage"));
    }
    if (/\p{Cc}/u.test((environment[name] ?? "").trim())) {
      const message =
        `Cannot open the repository: the environment variable "${name}" holds a line break or another ` +
        "control character, expected the key of the S3 storage as one line";
      throw new MoverError("AccessDenied", message);
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${text.length} characters that are not JSON, expected one JSON document`, cause);
  }
}

function refuseUnknownVersion(json: unknown): void {
  const { data } = z.object({ version: z.unknown() }).safeParse(json);
  if (data?.version === CONTRACT_VERSION) return;
  throw invalid(
    `its version is ${
      short(data?.version)
    }, expected ${CONTRACT_VERSION}, so that controller and mover are of one release`,
  );
}

function refuseUnknownOperation(json: unknown): void {
  const { data } = z.object({ operation: z.record(z.string(), z.unknown()) }).safeParse(json);
  const found = Object.keys(data?.operation ?? {});
  const [first] = found;
  if (found.length === 1 && knownOperations.some((known) => known === first)) return;
  const names = found.length === 0 ? "no operation" : `the operation ${found.map(short).join(", ")}`;
  throw invalid(`it names ${names}, expected exactly one of ${knownOperations.map(short).join(", ")}`);
}

const withExtraArgs = z.object({
  operation: z.object({ backup: z.object({ policy: z.object({ extraArgs: z.array(z.string()) }) }) }),
});

/** The schema refuses them as well, but its message does not name the argument and the reason. */
function refuseExtraArgs(json: unknown): void {
  const { data } = withExtraArgs.safeParse(json);
  const refused = refusedExtraArgs(data?.operation.backup.policy.extraArgs ?? []);
  if (refused !== undefined) throw invalid(`in its extraArgs ${refused}`);
}

function refuseAmbiguousText(spec: WorkSpec): void {
  if (JSON.stringify(spec).includes("\\u0000")) throw invalid("it holds a NUL character, expected text");
  for (const part of [spec.identity.username, spec.identity.hostname]) {
    if (!IDENTITY_FORM.test(part)) {
      throw invalid(
        `its identity holds ${
          short(part)
        }, expected no "@", ":" or control character, and no blank at an end`,
      );
    }
  }
  if (!("backup" in spec.operation)) return;
  for (const key of Object.keys(spec.operation.backup.tags)) {
    if (!tagKeyForm.test(key)) throw invalid(`it has the tag ${short(key)}, expected a name without ":"`);
  }
}

function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "it" : `"${issue.path.join(".")}"`;
  return `${where} is wrong: ${issue?.message ?? "not what it should be"}, expected a work spec of version 1`;
}

function invalid(found: string, cause?: unknown): MoverError {
  return new MoverError("InvalidWorkSpec", `Cannot understand the work spec: ${found}`, { cause });
}

function missingVariable(name: string, meaning: string): string {
  return `Cannot open the repository: the environment variable "${name}" is not set, empty or white space only, expected ${meaning}`;
}

function isMissing(environment: Environment, name: string): boolean {
  return /^[\s\u0085]*$/.test(environment[name] ?? "");
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length <= 80 ? text : `${text.slice(0, 79).toWellFormed()}…`;
}

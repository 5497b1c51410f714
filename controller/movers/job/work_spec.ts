import {
  cacheSizes,
  CONTRACT_VERSION,
  type Identity,
  type MoverOperation,
  type MoverSpec,
  type RepositorySpec,
  type RepositoryTarget,
  StalledError,
  type WorkSpec,
} from "../../../api/mod.ts";

/** The input for a work spec. */
export interface WorkSpecRequest {
  readonly operation: MoverOperation;
  readonly identity: Identity;
  readonly repositorySpec: RepositorySpec;
  /** The object it works for; for the mover's logs and spans. */
  readonly target: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly mover: MoverSpec;
  /** Time limit of the operation itself, from the start of the mover. */
  readonly timeoutSeconds?: number;
}

/** The work spec of a mover. Contains no secret. Throws as {@link repositoryTarget}. */
export function workSpecFor(request: WorkSpecRequest): WorkSpec {
  return {
    version: CONTRACT_VERSION,
    operation: request.operation,
    identity: request.identity,
    repository: repositoryTarget(request.repositorySpec),
    target: request.target,
    limits: request.timeoutSeconds === undefined ? {} : { timeoutSeconds: request.timeoutSeconds },
    cache: cacheSizes(request.mover.cache ?? {}),
  };
}

/** A repository in the form of the work spec. Throws StalledError (InvalidSpec) unless exactly one backend is set. */
export function repositoryTarget(spec: RepositorySpec): RepositoryTarget {
  const { filesystem, s3 } = spec.backend;
  if (filesystem !== undefined && s3 === undefined) return { filesystem: { path: filesystem.path } };
  if (s3 !== undefined && filesystem === undefined) {
    return {
      s3: {
        bucket: s3.bucket,
        endpoint: s3.endpoint,
        ...(s3.prefix === undefined ? {} : { prefix: s3.prefix }),
        ...(s3.region === undefined ? {} : { region: s3.region }),
        disableTls: s3.tls?.disableTls ?? false,
        insecureSkipVerify: s3.tls?.insecureSkipVerify ?? false,
        privateCa: s3.tls?.caBundleRef !== undefined,
      },
    };
  }
  const found = filesystem === undefined ? "no backend is set" : "two backends are set";
  throw new StalledError("InvalidSpec", `Cannot use the repository: ${found}, expected exactly one`);
}

import { runToolOk } from "../../tests/parts/mod.ts";

/** A cluster as a person reaches it: kubectl and helm with a kubeconfig and, where one was named, a context. */
export interface Target {
  readonly kubectl: string;
  readonly helm: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Runs kubectl and answers with what it printed; throws with what it said on failure. */
export async function kubectl(target: Target, args: readonly string[], stdin?: string): Promise<string> {
  return await runToolOk(
    [target.kubectl, ...where(target, "--context"), ...args],
    stdin === undefined ? {} : { stdin },
  );
}

/** Runs helm against the same cluster. */
export async function helm(target: Target, args: readonly string[]): Promise<string> {
  return await runToolOk([target.helm, ...args, ...where(target, "--kube-context")], { limitSeconds: 300 });
}

function where(target: Target, contextFlag: string): readonly string[] {
  return [
    ...(target.kubeconfig === undefined ? [] : ["--kubeconfig", target.kubeconfig]),
    ...(target.context === undefined ? [] : [contextFlag, target.context]),
  ];
}

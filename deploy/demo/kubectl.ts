import { runToolOk } from "../../tests/parts/mod.ts";

/** A cluster as a person reaches it: kubectl and helm with a kubeconfig and, where one was named, a context. */
export interface Target {
  readonly kubectl: string;
  readonly helm: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Where kubectl and helm keep what they learn about the API; their own place when left out. */
  readonly cacheFolder?: string;
  /** Aborted, what runs is ended. */
  readonly signal: AbortSignal;
}

/** Runs kubectl and answers with what it printed; throws with what it said on failure. */
export async function kubectl(target: Target, args: readonly string[], stdin?: string): Promise<string> {
  return await runToolOk([target.kubectl, ...connectionFlags(target), ...args], {
    ...environment(target),
    signal: target.signal,
    ...(stdin === undefined ? {} : { stdin }),
  });
}

/** Applies objects in a namespace. */
export async function apply(target: Target, namespace: string, ...objects: readonly object[]): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await kubectl(target, ["apply", "-n", namespace, "-f", "-"], JSON.stringify(list));
}

/** Runs helm against the same cluster. */
export async function helm(target: Target, args: readonly string[]): Promise<string> {
  return await runToolOk([target.helm, ...args, ...connectionFlags(target, "--kube-context")], {
    ...environment(target),
    signal: target.signal,
    limitSeconds: 300,
  });
}

/** The flags that name the cluster. */
export function connectionFlags(target: Target, contextFlag = "--context"): readonly string[] {
  return [
    ...(target.kubeconfig === undefined ? [] : ["--kubeconfig", target.kubeconfig]),
    ...(target.context === undefined ? [] : [contextFlag, target.context]),
  ];
}

function environment({ cacheFolder }: Target): { readonly env?: Readonly<Record<string, string>> } {
  return cacheFolder === undefined ? {} : { env: { KUBECACHEDIR: cacheFolder } };
}

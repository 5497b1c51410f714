import type { MoverSpec } from "../../../api/mod.ts";
import type { Container, PodSpec } from "../../../kube/builtins.ts";

/** User and group of the image. */
const NONROOT_ID = 65532;

/**
 * Pod half of a mover's security: PodSecurity *restricted* unless it is privileged. `fsGroup` makes
 * a fresh repository volume writable, whoever chooses it; sources are mounted so that no kubelet touches their owners.
 */
export function podSecurity(mover: MoverSpec): PodSpec["securityContext"] {
  const isPrivileged = mover.privilegedMode === true;
  const id = mover.securityContext === "Namespace" ? undefined : NONROOT_ID;
  return {
    runAsNonRoot: !isPrivileged,
    runAsUser: isPrivileged ? 0 : mover.runAsUser ?? id,
    runAsGroup: mover.runAsGroup ?? id,
    fsGroup: mover.fsGroup ?? id,
    fsGroupChangePolicy: "OnRootMismatch",
    supplementalGroups: mover.supplementalGroups,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/**
 * Container half. A privileged mover gets one capability: with DAC_READ_SEARCH root reads every file and folder
 * whatever its mode (tried with kopia 0.23.1; with none it fails on the first foreign 0600 file). It still
 * writes only where root may.
 */
export function containerSecurity(mover: MoverSpec): Container["securityContext"] {
  return {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: {
      drop: ["ALL"],
      add: mover.privilegedMode === true ? ["DAC_READ_SEARCH"] : undefined,
    },
  };
}

import type { Container, PodSpec } from "../../kube/builtins.ts";

/** The user the demo's pods run as: that of the movers, so that each reads what the other wrote. */
const user = 65532;

/** What PodSecurity restricted asks of a pod. */
export const podSecurity: PodSpec["securityContext"] = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
};

/** What PodSecurity restricted asks of a container, and a root folder nobody writes to. */
export const containerSecurity: Container["securityContext"] = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

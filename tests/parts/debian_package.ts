import type { DebianPartName } from "./recipe.ts";

/** Where a Debian part is looked for, and which package has it. */
export interface DebianPart {
  readonly package: string;
  /** Absolute paths that are right when they exist; the first one that does is the part. */
  readonly candidates: readonly string[];
  /**
   * `install` puts the package on the system; `unpack` fetches it and unpacks it into the cache, for packages whose
   * installation would start a service.
   */
  readonly way: "install" | "unpack";
}

/** Every Debian part. */
export const debianParts: Readonly<Record<DebianPartName, DebianPart>> = {
  "runc": { package: "runc", candidates: commands("runc"), way: "install" },
  "cni-plugins": {
    package: "containernetworking-plugins",
    candidates: ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"],
    way: "install",
  },
  "busybox": { package: "busybox-static", candidates: commands("busybox"), way: "install" },
  "ip": { package: "iproute2", candidates: commands("ip"), way: "install" },
  "nft": { package: "nftables", candidates: commands("nft"), way: "install" },
  "nsenter": { package: "util-linux", candidates: commands("nsenter"), way: "install" },
  "setpriv": { package: "util-linux", candidates: commands("setpriv"), way: "install" },
  "unshare": { package: "util-linux", candidates: commands("unshare"), way: "install" },
  "mount": { package: "mount", candidates: commands("mount"), way: "install" },
  "prometheus": { package: "prometheus", candidates: commands("prometheus"), way: "unpack" },
  "promtool": { package: "prometheus", candidates: commands("promtool"), way: "unpack" },
};

function commands(name: string): readonly string[] {
  return ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].map((folder) =>
    `${folder}/${name}`
  );
}

/** True for a part that comes from a Debian package. */
export function isDebianPart(name: string): name is DebianPartName {
  return name in debianParts;
}

/** The sentence a person gets who cannot be helped: not root, or not Debian. */
export function packageMissingSentence(name: DebianPartName, because: string): string {
  const part = debianParts[name];
  return `Cannot use ${name}: it is in none of ${part.candidates.join(", ")} and ${because}, ` +
    `expected the Debian package "${part.package}": run "apt-get install -y ${part.package}" as root, ` +
    `or install what your distribution calls it`;
}

/** The addresses of one cluster; none is shared with another cluster of the machine. */
export interface ClusterNetwork {
  readonly index: number;
  /** The host's end of the link: where pods reach servers of the host. */
  readonly hostAddress: string;
  /** The node's end of the link. */
  readonly nodeAddress: string;
  readonly hostInterface: string;
  readonly nodeInterface: string;
  readonly linkCidr: string;
  readonly podCidr: string;
  readonly podGateway: string;
  readonly serviceCidr: string;
  /** The ClusterIP of the Service `kubernetes`. */
  readonly apiServiceAddress: string;
}

/** How many clusters there can be on one machine. */
export const networkCount = 64;

/** The network of the cluster with this index, 0 to 63: a /30 link, a /22 for pods, a /24 for Services. */
export function clusterNetwork(index: number): ClusterNetwork {
  if (!Number.isInteger(index) || index < 0 || index >= networkCount) {
    throw new Error(
      `Cannot make a cluster network: the index is ${index}, expected 0 to ${networkCount - 1}`,
    );
  }
  return {
    index,
    hostAddress: `10.98.${index}.1`,
    nodeAddress: `10.98.${index}.2`,
    hostInterface: `kopiur${index}h`,
    nodeInterface: `kopiur${index}n`,
    linkCidr: `10.98.${index}.0/30`,
    podCidr: `10.99.${4 * index}.0/22`,
    podGateway: `10.99.${4 * index}.1`,
    serviceCidr: `10.100.${index}.0/24`,
    apiServiceAddress: `10.100.${index}.1`,
  };
}

/** True when a route of this machine leads into one of the cluster's ranges. `routes` is the text of `ip route`. */
export function networkIsTaken(network: ClusterNetwork, routes: string): boolean {
  const ours = [network.linkCidr, network.podCidr, network.serviceCidr].map(parseCidr);
  const theirs = routes.split("\n").map((line) => line.trim().split(/\s+/)[0] ?? "").filter((word) =>
    /^\d/.test(word)
  );
  return theirs.map(parseCidr).some((route) => ours.some((range) => overlap(route, range)));
}

interface AddressRange {
  readonly start: number;
  readonly end: number;
}

function parseCidr(text: string): AddressRange {
  const [address = "", bits = "32"] = text.split("/");
  const size = 2 ** (32 - Number(bits));
  const value = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const start = value - value % size;
  return { start, end: start + size };
}

function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.start < b.end && b.start < a.end;
}

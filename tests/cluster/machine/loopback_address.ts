/**
 * Chooses an address of 127.0.0.0/8 on which nothing listens at any of the ports. With an address of one's own the
 * ports can be the usual ones, and a restarted server finds its port still free.
 */
export function chooseLoopbackAddress(
  ports: readonly number[],
  random: () => number = Math.random,
  isFree: (address: string, port: number) => boolean = canListen,
): string {
  const byte = (low: number, high: number) => low + Math.floor(random() * (high - low + 1));
  for (let attempt = 0; attempt < 50; attempt++) {
    const address = `127.${byte(64, 126)}.${byte(0, 255)}.${byte(1, 254)}`;
    if (ports.every((port) => isFree(address, port))) return address;
  }
  throw new Error(
    `Cannot choose a loopback address: 50 were tried and none had ports ${ports.join(", ")} free`,
  );
}

function canListen(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.AddrInUse) return false;
    throw new Error(
      `Cannot listen on ${hostname}: the whole of 127.0.0.0/8 is expected to be this machine's, as on Linux`,
      { cause },
    );
  }
}

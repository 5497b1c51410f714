import { equal, rejects } from "node:assert/strict";
import { createCertificateAuthority } from "./certificate_authority.ts";

async function fetchWith(options: Deno.CreateHttpClientOptions, port: number): Promise<string> {
  using client = Deno.createHttpClient(options);
  const response = await fetch(`https://127.0.0.1:${port}`, { client, signal: AbortSignal.timeout(5000) });
  return await response.text();
}

Deno.test("a certificate of the authority serves TLS to those who trust it, and to no one else", async () => {
  const authority = await createCertificateAuthority("test CA");
  const other = await createCertificateAuthority("test CA");
  const { certPem, keyPem } = await authority.issue({ commonName: "server", ipAddresses: ["127.0.0.1"] });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert: certPem, key: keyPem, onListen: () => undefined },
    () => new Response("hello"),
  );
  const { port } = server.addr;
  equal(await fetchWith({ caCerts: [authority.certPem] }, port), "hello");
  await rejects(fetchWith({ caCerts: [other.certPem] }, port), /certificate/);
  await server.shutdown();
});

Deno.test("a certificate names no address that is none", async () => {
  const authority = await createCertificateAuthority("test CA");
  await rejects(authority.issue({ commonName: "server", ipAddresses: ["::1"] }), /is not an IPv4 address/);
});

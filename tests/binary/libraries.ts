/** Uses each library the product is built on, once, and prints the names of those that worked. */
import { Buffer } from "node:buffer";
import * as grpc from "@grpc/grpc-js";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import * as asn1js from "asn1js";
import Table from "cli-table3";
import { Command } from "commander";
import { Cron } from "croner";
import pc from "picocolors";
import * as pkijs from "pkijs";
import { parse } from "yaml";
import * as z from "zod";

const checks: Readonly<Record<string, () => boolean | Promise<boolean>>> = {
  "@grpc/grpc-js": grpcReachesItsServer,
  "@kubernetes/client-node": async () => {
    const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: "c", server: "https://127.0.0.1", skipTLSVerify: false }, {
      name: "u",
    });
    return config.getCurrentCluster()?.server === "https://127.0.0.1";
  },
  "@opentelemetry": async () => {
    const reader = new PrometheusExporter({ preventServerStart: true });
    new MeterProvider({ readers: [reader] }).getMeter("m").createCounter("c").add(1);
    const { resourceMetrics } = await reader.collect();
    const span = new BasicTracerProvider().getTracer("t").startSpan("s");
    const text = new PrometheusSerializer().serialize(resourceMetrics);
    return /^c_total\b.* 1$/m.test(text) && /^[0-9a-f]{32}$/.test(span.spanContext().traceId);
  },
  asn1js: () => asn1js.fromBER(new asn1js.Integer({ value: 7 }).toBER()).result instanceof asn1js.Integer,
  "cli-table3": () => new Table({ head: ["NAME"] }).toString().includes("NAME"),
  commander: () => new Command().option("-n <x>").parse(["-n", "1"], { from: "user" }).opts()["n"] === "1",
  croner: () => new Cron("0 3 * * *", { timezone: "Europe/Berlin" }).nextRun() !== null,
  picocolors: () => pc.createColors(true).red("x") === "\x1b[31mx\x1b[39m",
  pkijs: certificateIsSigned,
  yaml: () => parse("a: [1]").a[0] === 1,
  zod: () => z.object({ a: z.iso.datetime() }).safeParse({ a: "2026-01-01T00:00:00Z" }).success,
};

async function certificateIsSigned(): Promise<boolean> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = new pkijs.Certificate();
  certificate.serialNumber = new asn1js.Integer({ value: 1 });
  certificate.notBefore.value = new Date(0);
  certificate.notAfter.value = new Date(2e12);
  pkijs.setEngine("deno", new pkijs.CryptoEngine({ name: "deno", crypto }));
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(keys.privateKey, "SHA-256");
  return await certificate.verify();
}

/**
 * A call over HTTP/2 that comes back with the server's status: the handshake newer releases of grpc-js never
 * finish under Deno. An answer of headers alone is whole gRPC when it fails, so no trailers are needed.
 */
async function grpcReachesItsServer(): Promise<boolean> {
  const headers = { "content-type": "application/grpc", "grpc-status": "12", "grpc-message": "reached" };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(null, { headers }),
  );
  const client = new grpc.Client(`127.0.0.1:${server.addr.port}`, grpc.credentials.createInsecure());
  const bytes = (value: Uint8Array) => Buffer.from(value);
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        "/a.B/C",
        bytes,
        bytes,
        new Uint8Array([7]),
        { deadline: Date.now() + 5000 },
        (error) => {
          resolve(error?.code === grpc.status.UNIMPLEMENTED && error.details === "reached");
        },
      );
    });
  } finally {
    client.close();
  }
}

if (import.meta.main) {
  for (const [name, check] of Object.entries(checks)) {
    try {
      console.log(`${await check() ? "works" : "fails"}: ${name}`);
    } catch (error) {
      console.log(`fails: ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  Deno.exit(0);
}

import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { TransientError } from "../../api/errors.ts";

/**
 * Throws when a client certificate and its key do not fit, or the runtime cannot use them; the error does not show
 * them. The runtime panics on such a pair, and a pair that is being rotated on disk may not fit for a moment.
 */
export function assertKeyPair(cert: string, key: string, origin: string): void {
  // Other blocks may stand beside them: parameters of a curve, or both in one file.
  const [keyBlock = ""] =
    /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/.exec(key) ?? [];
  const [certBlock = ""] = CERTIFICATE.exec(cert) ?? [];
  const ofKey = readOr(() => createPublicKey(createPrivateKey(keyBlock)));
  if (ofKey === undefined) {
    throw unusable(
      origin,
      "the key cannot be read",
      "an unencrypted RSA, P-256, P-384, P-521 or Ed25519 key in PEM",
    );
  }
  const { modulusLength = WEAKEST_RSA_BITS } = ofKey.asymmetricKeyDetails ?? {};
  if (modulusLength < WEAKEST_RSA_BITS) {
    throw unusable(origin, `the RSA key has ${modulusLength} bits`, `${WEAKEST_RSA_BITS} or more`);
  }
  const certificate = readOr(() => new X509Certificate(certBlock));
  if (certificate === undefined) {
    throw unusable(origin, "the certificate cannot be read", "a certificate in PEM");
  }
  // Keys that node:crypto cannot take out of a certificate, as Ed25519, are left to the runtime to compare.
  const ofCertificate = readOr(() => certificate.publicKey);
  if (ofCertificate !== undefined && spkiOf(ofKey) !== spkiOf(ofCertificate)) {
    throw unusable(origin, "the key belongs to another certificate", "a key and its certificate");
  }
  if (!isVersion3(firstBlock(certBlock))) {
    throw unusable(
      origin,
      "the certificate is of X.509 version 1",
      "one of version 3, as it is made with an extension (openssl x509 -extfile, with extendedKeyUsage=clientAuth)",
    );
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/;
/** The runtime panics on weaker ones. */
const WEAKEST_RSA_BITS = 2048;

/**
 * The certificates of a PEM text that can be read, as kubectl passes over the others; the runtime would take none of
 * them then. Throws when there is none, with which the runtime would trust nobody.
 */
export function readableCertificates(pem: string, origin: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const known = blocks.filter(isReadable);
  const readable = canTrust(known) ? known : known.filter((block) => canTrust([block]));
  if (readable.length > 0) return readable;
  throw new TransientError(
    "KubeApiError",
    `Cannot use the certificate authority of ${origin}: it holds no certificate, expected one or more in PEM`,
  );
}

function isReadable(block: string): boolean {
  return readOr(() => new X509Certificate(block).subject !== "") ?? false;
}

/** Asks the runtime itself, which reads less than node:crypto. */
function canTrust(blocks: readonly string[]): boolean {
  return readOr(() => Deno.createHttpClient({ caCerts: [...blocks] }).close() ?? true) ?? false;
}

/** The DER of the first block of a PEM text that was read as a certificate. */
function firstBlock(pem: string): Uint8Array {
  return Uint8Array.fromBase64(/-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/.exec(pem)?.[1] ?? "");
}

/** True when the version is given, behind the heads of the two outer sequences: it is left out for version 1. */
function isVersion3(der: Uint8Array): boolean {
  const inner = afterHead(der, 0);
  return der[afterHead(der, inner)] === 0xa0;
}

/** Where the content of the DER element at `at` begins. */
function afterHead(der: Uint8Array, at: number): number {
  const length = der[at + 1] ?? 0;
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f);
}

function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function spkiOf(key: ReturnType<typeof createPublicKey>): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}

function unusable(origin: string, found: string, expected: string): TransientError {
  return new TransientError(
    "KubeApiError",
    `Cannot use the client certificate of ${origin}: ${found}, expected ${expected}`,
  );
}

import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { TransientError } from "../../api/errors.ts";

/**
 * Throws when a client certificate and its key do not fit; the error does not show them.
 * The runtime panics on such a pair, and a pair that is being rotated on disk may not fit for a moment.
 */
export function assertKeyPair(cert: string, key: string, origin: string): void {
  const ofKey = publicKeyOf(() => createPublicKey(createPrivateKey(key)));
  if (ofKey === undefined) {
    throw unusable(
      origin,
      "the key cannot be read",
      "an unencrypted RSA, P-256, P-384 or Ed25519 key in PEM",
    );
  }
  const ofCertificate = publicKeyOf(() => new X509Certificate(cert).publicKey);
  if (ofCertificate === undefined) {
    throw unusable(origin, "the certificate cannot be read", "a certificate in PEM");
  }
  if (ofKey !== ofCertificate) {
    throw unusable(origin, "the key belongs to another certificate", "a key and its certificate");
  }
}

/** Throws when a text contains no PEM certificate; the runtime would accept it and trust nobody. */
export function assertCertificates(pem: string, origin: string): void {
  if (/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(pem)) return;
  throw new TransientError(
    "KubeApiError",
    `Cannot use the certificate authority of ${origin}: it holds no certificate, expected one or more in PEM`,
  );
}

function publicKeyOf(read: () => ReturnType<typeof createPublicKey>): string | undefined {
  try {
    return read().export({ type: "spki", format: "der" }).toString("base64");
  } catch {
    return undefined;
  }
}

function unusable(origin: string, found: string, expected: string): TransientError {
  return new TransientError(
    "KubeApiError",
    `Cannot use the client certificate of ${origin}: ${found}, expected ${expected}`,
  );
}

import * as asn1js from "asn1js";
import * as pkijs from "pkijs";

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certPem: string;
  readonly keyPem: string;
}

/** Who a certificate speaks for, and the names it may serve under. */
export interface CertificateRequest {
  readonly commonName: string;
  /** For a client certificate these are its Kubernetes groups. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** Of X.509 version 1, without extensions, as `openssl x509 -req` makes it. */
  readonly version1?: true;
}

/** An authority for one cluster's certificates; its key never leaves this process. */
export interface CertificateAuthority {
  readonly certPem: string;
  /** Makes a key and signs a certificate good for both client and server use. */
  readonly issue: (request: CertificateRequest) => Promise<KeyPair>;
}

const curve = { name: "ECDSA", namedCurve: "P-256" } as const;
const usages = { certSign: 0x06, signAndEncipher: 0xa0 } as const;
const purposes = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;
const nameTypes = { commonName: "2.5.4.3", organization: "2.5.4.10" } as const;
const day = 24 * 3600 * 1000;

/** Makes a new self-signed ECDSA P-256 authority, valid for ten years. */
export async function createCertificateAuthority(commonName: string): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const certificate = blankCertificate({ commonName }, 3650);
  fillName(certificate.issuer, { commonName });
  certificate.extensions = [basicConstraints(true), keyUsage(usages.certSign)];
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(keys.privateKey, "SHA-256");
  return {
    certPem: certificatePem(certificate),
    issue: (request) => issue(request, { commonName }, keys.privateKey),
  };
}

/** A server's certificate that is its own authority (CA:TRUE), as `openssl req -x509` makes it. */
export async function createSelfSigned(request: CertificateRequest): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const certificate = blankCertificate(request, 365);
  fillName(certificate.issuer, request);
  certificate.extensions = [basicConstraints(true), ...alternativeNames(request)];
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(keys.privateKey, "SHA-256");
  return { certPem: certificatePem(certificate), keyPem: await privateKeyPem(keys.privateKey) };
}

async function issue(
  request: CertificateRequest,
  issuer: CertificateRequest,
  issuerKey: CryptoKey,
): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const certificate = blankCertificate(request, 365);
  fillName(certificate.issuer, issuer);
  if (request.version1) certificate.version = 0;
  else {
    certificate.extensions = [
      basicConstraints(false),
      keyUsage(usages.signAndEncipher),
      extendedKeyUsage([purposes.server, purposes.client]),
      ...alternativeNames(request),
    ];
  }
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(issuerKey, "SHA-256");
  return { certPem: certificatePem(certificate), keyPem: await privateKeyPem(keys.privateKey) };
}

/** A fresh signing key with its public half, PEM: what the API server signs service-account tokens with. */
export async function createSigningKey(): Promise<{ readonly publicPem: string; readonly keyPem: string }> {
  const keys = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  return {
    publicPem: pem("PUBLIC KEY", await crypto.subtle.exportKey("spki", keys.publicKey)),
    keyPem: await privateKeyPem(keys.privateKey),
  };
}

function blankCertificate(subject: CertificateRequest, days: number): pkijs.Certificate {
  const certificate = new pkijs.Certificate();
  certificate.version = 2;
  const serial = crypto.getRandomValues(new Uint8Array(16));
  // DER integers are signed: a serial number has its highest bit clear.
  serial[0] = (serial[0] ?? 0) & 0x7f | 0x01;
  certificate.serialNumber = new asn1js.Integer({ valueHex: serial.buffer });
  certificate.notBefore.value = new Date(Date.now() - day);
  certificate.notAfter.value = new Date(Date.now() + days * day);
  fillName(certificate.subject, subject);
  return certificate;
}

function fillName(name: pkijs.RelativeDistinguishedNames, request: CertificateRequest): void {
  const parts = [
    ...(request.organizations ?? []).map((value) => [nameTypes.organization, value] as const),
    [nameTypes.commonName, request.commonName] as const,
  ];
  for (const [type, value] of parts) {
    name.typesAndValues.push(
      new pkijs.AttributeTypeAndValue({ type, value: new asn1js.Utf8String({ value }) }),
    );
  }
}

function basicConstraints(cA: boolean): pkijs.Extension {
  return extension("2.5.29.19", true, new pkijs.BasicConstraints({ cA }).toSchema());
}

function keyUsage(bits: number): pkijs.Extension {
  const value = new asn1js.BitString({
    valueHex: new Uint8Array([bits]).buffer,
    unusedBits: bits & 1 ? 0 : 1,
  });
  return extension("2.5.29.15", true, value);
}

function extendedKeyUsage(keyPurposes: string[]): pkijs.Extension {
  return extension("2.5.29.37", false, new pkijs.ExtKeyUsage({ keyPurposes }).toSchema());
}

function alternativeNames(request: CertificateRequest): readonly pkijs.Extension[] {
  const names = [
    ...(request.dnsNames ?? []).map((value) => new pkijs.GeneralName({ type: 2, value })),
    ...(request.ipAddresses ?? []).map((address) =>
      new pkijs.GeneralName({ type: 7, value: new asn1js.OctetString({ valueHex: ipv4Bytes(address) }) })
    ),
  ];
  return names.length === 0
    ? []
    : [extension("2.5.29.17", false, new pkijs.GeneralNames({ names }).toSchema())];
}

function extension(extnID: string, critical: boolean, value: asn1js.BaseBlock): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: value.toBER(false) });
}

function ipv4Bytes(address: string): ArrayBuffer {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    throw new Error(`Cannot name "${address}" in a certificate: it is not an IPv4 address`);
  }
  return new Uint8Array(parts).buffer;
}

function certificatePem(certificate: pkijs.Certificate): string {
  return pem("CERTIFICATE", certificate.toSchema(true).toBER(false));
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
  return pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", key));
}

function pem(label: string, der: ArrayBuffer): string {
  const lines = new Uint8Array(der).toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

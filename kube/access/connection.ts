/** `authorization` and impersonation headers, by their name in lower case; a list is sent as one header for each value. */
export type CredentialHeaders = Readonly<Record<string, string | readonly string[]>>;

/** How client and server authenticate each other. */
export interface Credentials {
  readonly headers: CredentialHeaders;
  /** PEM; trusted in addition to the authorities of the machine. */
  readonly caCerts: readonly string[];
  /** PEM; the key belongs to the certificate. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string };
}

/** Where credentials come from. Both throw a TransientError that names no secret. */
export interface CredentialSource {
  /** The current credentials; files are read again, and plugins run again, when they are due. */
  current(signal: AbortSignal): Promise<Credentials>;
  /** New credentials, after the server refused `refused`. */
  refresh(refused: Credentials, signal: AbortSignal): Promise<Credentials>;
}

/** A proxy to the server. */
export interface ConnectionProxy {
  /** `http://`, `https://` or `socks5://`, without user and password. */
  readonly url: string;
  readonly basicAuth?: { readonly username: string; readonly password: string };
}

/** How to reach an API server. */
export interface ConnectionInfo {
  /** Scheme, host, port and, behind some gateways, a path; no slash at the end. */
  readonly server: string;
  /** Where this comes from, for people: a context of a kubeconfig, or the pod's service account. */
  readonly description: string;
  /** True for a service account, whose credentials are files: no program is ever run for them. */
  readonly isOfPod?: true;
  /** Namespace of the context or of the pod; "default" when none is named. */
  readonly namespace: string;
  readonly credentials: CredentialSource;
  readonly proxy?: ConnectionProxy;
  /** Name the server's certificate must have in place of the host of `server`. */
  readonly tlsServerName?: string;
  /** True: any certificate of the server will do. */
  readonly insecure?: true;
}

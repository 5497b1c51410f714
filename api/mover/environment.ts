/** Paths inside a mover container. */
export const MOVER_PATH = {
  workSpecFolder: "/etc/kopiur/work",
  workSpec: "/etc/kopiur/work/work-spec.json",
  caFolder: "/etc/kopiur/ca",
  caBundle: "/etc/kopiur/ca/ca.crt",
  /** Authorities that every mover trusts besides the image's. */
  trustFolder: "/etc/kopiur/trust",
  /** Writable: kopia's cache, config and logs. */
  cache: "/var/cache/kopia",
  tmp: "/tmp",
  /** The Job's terminationMessagePath. Not below /dev: Deno lets only an all-powerful program write there. */
  terminationMessage: "/run/kopiur/termination-log",
  /** Source volumes are mounted read-only at `<sources>/<pvc name>`. */
  sources: "/pvc",
} as const;

/** Environment of a mover container, by name, in one place. */
export const MOVER_ENV = {
  workSpecPath: "KOPIUR_WORK_SPEC_PATH",
  resultPath: "KOPIUR_RESULT_PATH",
  kopiaBinary: "KOPIUR_KOPIA_BINARY",
  password: "KOPIA_PASSWORD",
  cacheFolder: "KOPIA_CACHE_DIRECTORY",
  logFolder: "KOPIA_LOG_DIR",
  configPath: "KOPIA_CONFIG_PATH",
  checkForUpdates: "KOPIA_CHECK_FOR_UPDATES",
  awsAccessKeyId: "AWS_ACCESS_KEY_ID",
  awsSecretAccessKey: "AWS_SECRET_ACCESS_KEY",
  awsSessionToken: "AWS_SESSION_TOKEN",
  httpsProxy: "HTTPS_PROXY",
  httpProxy: "HTTP_PROXY",
  noProxy: "NO_PROXY",
  /** Read by Go besides the image's own file of authorities. */
  trustFolders: "SSL_CERT_DIR",
  /** From the downward API: the instance of each mover pod in its telemetry. */
  podName: "POD_NAME",
  namespace: "KOPIUR_NAMESPACE",
  /** W3C: the parent of the mover's spans. */
  traceparent: "TRACEPARENT",
} as const;

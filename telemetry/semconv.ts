/**
 * Attribute keys used by this program, so that a typing error cannot make a second key.
 * Copied from https://opentelemetry.io/docs/specs/semconv/ and from the founding documents.
 */
export const attribute = {
  // https://opentelemetry.io/docs/specs/semconv/resource/
  serviceName: "service.name",
  serviceNamespace: "service.namespace",
  serviceVersion: "service.version",
  serviceInstanceId: "service.instance.id",
  // https://opentelemetry.io/docs/specs/semconv/resource/k8s/
  k8sNamespaceName: "k8s.namespace.name",
  k8sPodName: "k8s.pod.name",
  // https://opentelemetry.io/docs/specs/semconv/http/http-spans/
  httpRequestMethod: "http.request.method",
  httpResponseStatusCode: "http.response.status_code",
  httpRoute: "http.route",
  urlTemplate: "url.template",
  urlPath: "url.path",
  serverAddress: "server.address",
  serverPort: "server.port",
  // https://opentelemetry.io/docs/specs/semconv/attributes-registry/error/
  errorType: "error.type",
  // https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/
  processExecutableName: "process.executable.name",
  processCommandArgs: "process.command_args",
  processPid: "process.pid",
  processExitCode: "process.exit.code",
  // The object a reconcile is about, named as in the founding document on observability.
  kind: "kind",
  namespace: "namespace",
  name: "name",
  // Promised attributes of a reconcile span.
  objectRef: "object.ref",
  objectReason: "object.reason",
  result: "result",
  requeueAfter: "requeue_after",
  // A mover's span.
  operation: "operation",
} as const;

/**
 * The API server behind small interfaces: one pooled transport, informers with caches, a work queue,
 * writing, Events and leader election. Start reading at `cluster.ts` (`connect`), then
 * `types.ts` (what everybody else sees) and `watch/informer.ts` (what keeps the caches true).
 * @module
 */
export { type Backoff, backoffSeconds } from "./backoff.ts";
export { Cache, type Indexes, type IndexFunction, type Store } from "./watch/cache.ts";
export { type KubeClock, sleep, systemKubeClock } from "./clock.ts";
export { type Cluster, type ClusterOptions, connect } from "./cluster.ts";
export type { ConnectionInfo, ConnectionProxy, Credentials, CredentialSource } from "./access/connection.ts";
export { answerOf, ApiAnswer, isConflict, isExpired, isNotFound } from "./errors.ts";
export {
  type Change,
  type Informer,
  type InformerLimits,
  type InformerOptions,
  SILENT_SECONDS,
} from "./watch/informer.ts";
export { type KubeconfigSources, loadConnection } from "./access/kubeconfig.ts";
export type { LeaderElector, LeaseOptions } from "./lead/leader_elector.ts";
export { Queue, type QueueItem, type QueueOptions, RETRY_BACKOFF, type Trigger } from "./queue.ts";
export { madeBefore } from "./write/made_before.ts";
export { apiVersionOf, resourceId, resourceOf, resourcePath, RESOURCES } from "./resources.ts";
export type { ApiRequest, Transport, Verb } from "./transport/transport.ts";
export * from "./types.ts";

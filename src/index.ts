/**
 * Runs untrusted JavaScript handlers.
 *
 * @module nexus-runtime
 */

export type { AsyncResult, CallResult } from './api/answers.js';
export type { CapabilityToken } from './api/capability.js';
export type { ContextValue, Prepared, PrepareOptions, WasmContext } from './api/context.js';
export type { CallTask, ConsumeOptions, Consumption, Dispatcher, RunTask, Task } from './api/dispatcher.js';
export { type EncodedValue, encoded, type JsonText, json } from './api/encoded.js';
export type { CallContext, Extension, ExtensionRegistry } from './api/extension.js';
export type {
  DefinedExtensions,
  ExtensionDefinitions,
  ExtensionMethod,
  SchemasByMethod,
} from './api/extension-definition.js';
export type { ExecutionLimits, LogOverflow, VmLimitName } from './api/limits.js';
export type {
  HandlerDescription,
  Manifest,
  ManifestHandler,
  ManifestLibraries,
} from './api/manifest.js';
export type { ModulesOptions } from './api/modules.js';
export type { NetworkOptions, NetworkSecret, ResolvedAddress } from './api/network/network.js';
export type { CacheTierName, ExecutionStatus } from './api/observing/execution-metrics.js';
export type {
  AuditEvent,
  CacheEvent,
  CompileEvent,
  EventOrigin,
  ExecutionEvent,
  ExpiryEvent,
  KillEvent,
  KillLayer,
  LogEvent,
  ResumeEvent,
  RuntimeObserver,
  SuspensionEvent,
  UsageEvent,
  WarningEvent,
} from './api/observing/observer.js';
export type { RecentError } from './api/observing/recent-error.js';
export type {
  RunHistory,
  RunHistoryCall,
  RunHistoryEntry,
  RunHistoryMessage,
  RunHistorySegment,
} from './api/observing/run-history.js';
export type {
  CallTrace,
  TraceAttributes,
  TraceCarrier,
  TracedCallName,
  TracePhase,
  Tracing,
} from './api/observing/tracing.js';
export type {
  HandlerUsage,
  MeteringOptions,
  TenantUsage,
  UsageCounts,
  UsageReport,
} from './api/observing/usage.js';
export type { WorkerStatus } from './api/observing/worker-status.js';
export type {
  CacheOptions,
  Isolation,
  KeptBound,
  LibraryOption,
  LimitOptions,
  MetricsOptions,
  NodeCompatibilityOptions,
  PoolOptions,
  RuntimeOptions,
  SuspensionOptions,
} from './api/options.js';
export type { Quota, QuotaRefusal, QuotaRequest } from './api/quota.js';
export type { RemoteCache } from './api/remote-cache.js';
export type {
  EmittedEvent,
  ErrorCause,
  ErrorLocation,
  ErrorResult,
  EventPayloads,
  ExecutionMetrics,
  ExtensionCall,
  LogEntry,
  ResultBase,
  SegmentEffects,
  StateMutation,
  SuccessResult,
  SuspendedResult,
  Suspension,
  ViewCommand,
  WasmError,
  WasmResult,
} from './api/result.js';
export type {
  CallSchemas,
  ContextOf,
  JsonSchema,
  JsonSchemaSource,
  ResultOf,
  Schema,
  SchemaInput,
  SchemaOutput,
  StandardIssue,
  StandardResult,
  StandardSchema,
} from './api/schema.js';
export type { CompileOptions, SourceOptions, SourceWrap } from './api/source-options.js';
export type {
  ClaimAnswer,
  DueSuspension,
  FoundSuspension,
  PostAnswer,
  SettleAnswer,
  SettledState,
  StoredImage,
  StoredImages,
  StoredMessage,
  StoredSuspension,
  StoreUser,
  SuspensionFilter,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionPage,
  SuspensionState,
  SuspensionStore,
  SuspensionSummary,
  SuspensionSweep,
  SweepOptions,
} from './api/suspension-store.js';
export type { WarmupOptions, WarmupReport, WarmupUnit } from './api/warmup.js';
export { type AuditLog, type AuditLogOptions, auditLog } from './audit/audit-log.js';
export type { AuditHead } from './audit/record.js';
export {
  type AuditLogPlace,
  type AuditLogReport,
  type VerifyAuditLogOptions,
  verifyAuditLog,
} from './audit/verify.js';
export type { FileTierStats, RejectionReason, VerifyReport } from './cache/file-tier.js';
export type { EntryUse } from './cache/memory-tier.js';
export type { RemoteTierStats } from './cache/remote-tier.js';
export type { TierStats } from './cache/tier.js';
export type { CacheStats } from './cache/tiered-cache.js';
export type { TransientArtifacts } from './cache/transient-artifacts.js';
export { capabilitiesCover, parseCapabilities } from './capabilities/cover.js';
export {
  type CapabilityReason,
  type ExplainedCapability,
  explainCapabilities,
  type InferenceOptions,
  inferCapabilities,
} from './capabilities/inference/infer.js';
export type { CompiledHandler } from './compiler/compiled-handler.js';
export type {
  PrecompileOptions,
  PrecompileProgress,
  PrecompileReport,
  PrecompileUnit,
} from './compiler/precompile-all.js';
export { type CompilerEnvironment, compilerConfigFromEnv, configFromEnv, type Environment } from './config/env.js';
export { FatalError, RetryableError } from './errors/call-errors.js';
export type { Fault, NexusErrorCode, RejectionCode, ResultCode } from './errors/codes.js';
export { type ErrorContext, NexusError, type NexusErrorOptions } from './errors/nexus-error.js';
export type { ExecuteOptions, ResumeOptions } from './execution/request/execute-options.js';
export { type ToJsonOptions, toJson } from './execution/result/to-json.js';
export type { MetricsHandler } from './metrics/http.js';
export type { RetirementReason, Retirements } from './protocol/retirement.js';
export type { ClearedTiers } from './runtime/compile-service.js';
export { later } from './runtime/durable/later.js';
export type {
  ErasedRuns,
  Run,
  RunDescription,
  RunFilter,
  RunSummary,
  StartOptions,
  Worker,
} from './runtime/durable/run-types.js';
export type {
  Renewed,
  RenewedRun,
  RetryPolicies,
  RetryPolicy,
  RunStepInfo,
  WorkOptions,
} from './runtime/durable/work-options.js';
export { type CompilerOptions, HandlerCompiler } from './runtime/handler-compiler.js';
export type { HandlerSet } from './runtime/manifest/handler-set.js';
export type { NexusRuntime } from './runtime/nexus-runtime.js';
export {
  type MemoryQuotaOptions,
  memoryQuota,
  type RateLimit,
  type TenantQuota,
  type UsageBudget,
} from './runtime/quota/memory-quota.js';
export { currentCall } from './runtime/run/current-call.js';
export type { RunOptions } from './runtime/run/run-options.js';
export { createRuntime } from './runtime/runtime.js';
export type { RuntimeStats, SuspensionStoreStats } from './runtime/runtime-stats.js';
export { type DefineExtensionOptions, defineExtension } from './schemas/define-extension.js';
export { describeExtensions, type ExtensionDescription } from './schemas/describe-extensions.js';
export type { SchemaIssue } from './schemas/issues.js';
export { jsonSchema } from './schemas/json-schema.js';
export type { StoredSourceMap } from './source/source-map/stored-map.js';

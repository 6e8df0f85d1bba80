/** Spillway: runs many agent tasks at once in one process, and stays inside its latency objective. */
export type {
  Agent,
  AgentTypes,
  CpuAgent,
  CpuAgentOptions,
  Handler,
  IoAgent,
  IoAgentOptions,
  TaskContext,
} from './contract/agent.ts';
export { cpuAgent, ioAgent } from './contract/agent.ts';
export type { BreakerOptions, BreakerState, BreakerStats } from './contract/breaker.ts';
export type {
  CancelFilter,
  CancelOptions,
  CancelResult,
  DependentSteps,
  LiveTask,
  TaskConditions,
} from './contract/cancel.ts';
export type { Clock, Random } from './contract/clock.ts';
export type {
  DeadLetter,
  DeadLetterAttempt,
  DeadLetterFilter,
  DeadLetterOptions,
  DeadLetterStats,
  DeadLetters,
  InputState,
  OpenDeadLetter,
  RedriveOptions,
  RedriveResult,
} from './contract/dead-letters.ts';
export type {
  AgentName,
  Capability,
  Engine,
  Input,
  Output,
  ReadyOptions,
  StreamOptions,
  Target,
} from './contract/engine.ts';
export type { ErrorCode, ShedReason, SyncErrorCode, TaskErrorCode } from './contract/errors.ts';
export {
  BreakerOpenError,
  CancelledError,
  ConfigError,
  EngineClosedError,
  ERROR_CODES,
  HandlerLoadError,
  OverloadError,
  SHED_REASONS,
  SpillwayError,
  SyncError,
  TaskError,
} from './contract/errors.ts';
export type { EventStore, Snapshot } from './contract/event-store.ts';
export type { EngineEvents } from './contract/events.ts';
export type { Degraded, FallbackStep } from './contract/fallback.ts';
export type { FaultEnd, FaultKind, FaultOptions } from './contract/fault.ts';
export { InjectedFaultError } from './contract/fault.ts';
export type { Priority, TaskEvents, TaskHandle, TaskOptions, TaskState } from './contract/handle.ts';
export type { AgentHealth, EngineHealth, LastError, Recovery } from './contract/health.ts';
export type { Limit, PermitOutcome, Shed } from './contract/limit.ts';
export { NonRetryableError } from './contract/non-retryable.ts';
export type { EngineOptions } from './contract/options.ts';
export { DEFAULTS } from './contract/options.ts';
export type { AbortReason, Attempt, Outcome, Timing } from './contract/outcome.ts';
export type {
  OverflowEntry,
  OverflowPort,
  OverflowSink,
  OverflowSinkStats,
  OverflowStats,
} from './contract/overflow.ts';
export { type Allowance, type RateLimit, rateLimitFrom } from './contract/rate-limit.ts';
export { readConfig } from './contract/read-config.ts';
export type { BudgetOptions, CostPerUnit, ResourceOptions } from './contract/resources.ts';
export type { NoRetryReason, RetryBudgetOptions, RetryOptions } from './contract/retry.ts';
export { NO_RETRY } from './contract/retry.ts';
export type { ScaleReason, ScaleSignal, ScalingOptions } from './contract/scaling.ts';
export type { StandardSchema } from './contract/standard-schema.ts';
export type {
  AdmissionStats,
  AgentState,
  AgentStats,
  BudgetStats,
  CostStats,
  EngineStats,
  HeapReport,
  LaneStats,
  LatencySummary,
  LatencyTriple,
  LimitStats,
  ResourceStats,
  RetiredStats,
  RetryStats,
  SpentStats,
  TaskCounts,
  ThreadHeap,
  ThreadStats,
  UsageTotals,
  WindowStats,
} from './contract/stats.ts';
export type {
  Barrier,
  BarrierTurn,
  EngineSync,
  Lock,
  Mutex,
  Semaphore,
  Sync,
  SyncKind,
  SyncParty,
  SyncPartyInfo,
  SyncPicture,
  SyncResource,
  SyncShare,
  WaitOptions,
} from './contract/sync.ts';
export type { SpillwayConfig } from './contract/tuned-config.ts';
export { UpstreamBusyError, upstreamBusy } from './contract/upstream-busy.ts';
export type { Usage } from './contract/usage.ts';
export {
  isMissing,
  type Missing,
  type PartialData,
  type RunStatus,
  type StartOptions,
  type StepError,
  type StepResult,
  type StepStatus,
  type WorkflowMetadata,
  type WorkflowResult,
} from './contract/workflow.ts';
export type { MinSuccess, OnFailure, StepRetry, Workflow } from './contract/workflow-definition.ts';
export type { WorkflowEvent } from './contract/workflow-events.ts';
export type {
  Answer,
  CancelledSteps,
  Dependents,
  ForkOptions,
  ResumeOptions,
  StepFilter,
  WorkflowRun,
} from './contract/workflow-run.ts';
export type { RunSnapshot, StepSnapshot, WorkSnapshot } from './contract/workflow-snapshot.ts';
export type {
  Bottleneck,
  BottleneckReason,
  Completion,
  ItemCounts,
  NestedStatus,
  Parked,
  StepCounts,
  StepProgress,
  WorkflowStatus,
} from './contract/workflow-status.ts';
export { createEngine } from './engine.ts';
export { MemoryStore } from './journal/memory-store.ts';
export { fileOverflow } from './overflow/file-overflow.ts';
export { type FileOverflowOptions, OVERFLOW_DEFAULTS } from './overflow/options.ts';
export type { AggregateWork } from './workflow/aggregate/aggregate-work.ts';
export type { Aggregation, AggregationSpec } from './workflow/aggregate/aggregation.ts';
export { AggregationError } from './workflow/aggregate/aggregation-error.ts';
export {
  aggregationFrom,
  collect,
  concat,
  fold,
  merge,
  reshape,
  stats,
  vote,
} from './workflow/aggregate/aggregations.ts';
export type { CollectOptions } from './workflow/aggregate/collect.ts';
export type { FoldOptions } from './workflow/aggregate/fold.ts';
export type { MergeOptions } from './workflow/aggregate/merge.ts';
export { aggregate, type Part } from './workflow/aggregate/part.ts';
export {
  type ReduceStep,
  Reduction,
  type ReductionOptions,
  takeStep,
  takeSteps,
} from './workflow/aggregate/reduction.ts';
export type { Stats, StatsOptions } from './workflow/aggregate/stats.ts';
export type { VoteAggregation, VoteOptions, VoteResult } from './workflow/aggregate/vote.ts';
export { aggregateAgent } from './workflow/aggregate-agent.ts';
export { type WorkflowBuilder, workflow } from './workflow/builder.ts';
export type { StepContext, WorkflowOptions } from './workflow/builder-types.ts';
export {
  type ChunkByBytes,
  type ChunkByCount,
  type ChunkByKey,
  type ChunkByLines,
  type ChunkByTokens,
  chunk,
} from './workflow/chunk/chunk.ts';
export { ChunkError } from './workflow/chunk/chunk-error.ts';
export type { KeyGroup } from './workflow/chunk/key-groups.ts';
export { type ReadLinesOptions, readLines } from './workflow/chunk/read-lines.ts';
export {
  type FileChunk,
  type SplitFilesOptions,
  splitFiles,
} from './workflow/chunk/split-files.ts';
export {
  type PlanLimits,
  type PlannedStep,
  type PlanReference,
  planned,
  planSchema,
  type WorkflowPlan,
} from './workflow/planned-workflow.ts';

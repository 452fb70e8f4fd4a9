/**
 * Tests for a `SuspensionStore` of your own: the contract as a suite, and a model of it; and for a `Dispatcher`.
 *
 * @module nexus-runtime/testing/store
 */

export type { CallTask, ConsumeOptions, Consumption, Dispatcher, RunTask, Task } from '../../api/dispatcher.js';
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
} from '../../api/suspension-store.js';
export { checkStoreModel, type ModelCheckOptions } from './check-model.js';
export { describeStore } from './conformance.js';
export { type DispatcherHarness, describeDispatcher } from './dispatching.js';
export type { StoreExpectation, StoreHarness, TestFramework } from './framework.js';

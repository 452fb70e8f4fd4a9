import type { StoredSuspension, SuspensionStore } from '../../api/suspension-store.js';

/** How a kind of store is tested: one of these for each test. */
export interface StoreHarness {
  /** Views of one store, empty at first, as that many processes have them: for a database, one connection each. May be called again. */
  open(views: number): SuspensionStore[];
  /** Closes all views, and deletes what is in the store. */
  dispose(): Promise<void>;
}

/** What the suite needs of `expect`, as vitest, Jest and Bun have it. */
export interface StoreExpectation {
  readonly rejects: { toMatchObject(expected: object): Promise<void> };
  readonly not: Pick<StoreExpectation, 'toEqual' | 'toBe'>;
  toBe(expected: unknown): void;
  toBeGreaterThan(least: number): void;
  toBeGreaterThanOrEqual(least: number): void;
  toBeLessThanOrEqual(most: number): void;
  toBeUndefined(): void;
  toEqual(expected: unknown): void;
  toHaveLength(length: number): void;
  toMatchObject(expected: object): void;
}

/** The functions of a test runner, such as those that vitest, Jest and `bun:test` export. */
export interface TestFramework {
  describe(title: string, define: () => void): unknown;
  it(title: string, test: () => Promise<void>, timeoutMs?: number): unknown;
  expect(value: unknown): StoreExpectation;
}

/** What a test starts with. */
export interface StoreFixture {
  readonly harness: StoreHarness;
  readonly store: SuspensionStore;
  /** The same store, as another process has it. */
  readonly other: SuspensionStore;
  readonly id: string;
  readonly suspension: StoredSuspension;
  /** Claims `id` in the store, and gives the fence. */
  claim(from?: SuspensionStore, nowMs?: number, lease?: { owner: string; leaseUntilMs: number }): Promise<number>;
}

/** Tests of one subject. `using` gives each its own store. */
export type StoreSection = (
  framework: TestFramework,
  using: (test: (fixture: StoreFixture) => Promise<void>) => () => Promise<void>,
) => void;

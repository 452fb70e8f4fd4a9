import { type Channel, channel } from 'node:diagnostics_channel';

/** What can be traced, step by step. */
export const DEBUG_TOPICS = ['call', 'compile', 'cache', 'pool', 'suspension', 'quota'] as const;
export type DebugTopic = (typeof DEBUG_TOPICS)[number];

/** One step of the library. Has names, keys and numbers, and nothing of what handlers compute. */
export interface DebugStep {
  readonly step: string;
  readonly [fact: string]: unknown;
}

/**
 * Channels `nexus:<topic>` of `node:diagnostics_channel`. perf: ask `hasSubscribers` before a step is made, which is one comparison.
 *
 * @example if (debug.pool.hasSubscribers) debug.pool.publish({ step: 'sent', requests: 3 } satisfies DebugStep);
 */
export const debug: Readonly<Record<DebugTopic, Channel>> = {
  call: channel('nexus:call'),
  compile: channel('nexus:compile'),
  cache: channel('nexus:cache'),
  pool: channel('nexus:pool'),
  suspension: channel('nexus:suspension'),
  quota: channel('nexus:quota'),
};

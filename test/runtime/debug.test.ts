import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { DEBUG_TOPICS, type DebugStep, type DebugTopic, debug } from '#src/support/debug.js';
import { NATIVE, withRuntime } from '../support/runtime-helpers.js';
import { bundleSource } from '../support/sources/bundle-source.js';

/** What is published while something is done, by topic. */
async function stepsOf(act: () => Promise<unknown>): Promise<Record<DebugTopic, DebugStep[]>> {
  const steps = Object.fromEntries(DEBUG_TOPICS.map((topic) => [topic, [] as DebugStep[]]));
  const listeners = DEBUG_TOPICS.map((topic) => {
    const listener = (step: unknown) => void steps[topic]?.push(step as DebugStep);
    subscribe(`nexus:${topic}`, listener);
    return [topic, listener] as const;
  });
  try {
    await act();
  } finally {
    for (const [topic, listener] of listeners) unsubscribe(`nexus:${topic}`, listener);
  }
  return steps as Record<DebugTopic, DebugStep[]>;
}

describe('the channels for debugging', () => {
  it('tell what the library does, step by step, and nothing of the data', async () => {
    const quota = { begin: () => undefined, end: () => {} };
    const steps = await stepsOf(() =>
      withRuntime({ maxInstances: 1, killGraceMs: 20, quota }, async (runtime) => {
        const context = { capabilities: ['ext:*'] as const, handlerName: 'pay', args: 'confidential' };
        const code = '$ext.host.next($args); return await $ext.host.next($args)';
        const { suspension } = await runtime.executeHandler(code, context, { tenant: 'acme' });
        const { suspensionId = '' } = suspension ?? {};
        await runtime.resumeHandler(suspensionId, { success: true, value: 'confidential' });
        await runtime.executeHandler(NATIVE, {}, { timeoutMs: 20 });
        await runtime.executeHandler('return 1');
        await runtime.executeHandler('return 1', { capabilities: ['all'] as never }).catch(() => {});
      }),
    );
    const named = Object.fromEntries(
      DEBUG_TOPICS.map((topic) => [topic, new Set(steps[topic].map(({ step }) => step))]),
    );
    expect(named).toMatchObject({
      call: new Set(['begun', 'segment', 'rejected']),
      compile: new Set(['compiled']),
      quota: new Set(['admitted', 'ended']),
      suspension: new Set(['kept', 'claim', 'resumed']),
    });
    for (const step of ['starting', 'ready', 'queued', 'sent', 'replied', 'terminated', 'retired']) {
      expect(named['pool']).toContain(step);
    }
    expect(named['cache']).toContain('miss');
    expect(steps.call[0]).toEqual({ step: 'begun', call: 'execute', handlerName: 'pay', tenant: 'acme' });
    expect(JSON.stringify(steps)).not.toContain('confidential');
  });

  it('have no subscribers by themselves', async () => {
    await withRuntime({ maxInstances: 1 }, (runtime) => runtime.executeHandler('return 1'));
    for (const topic of DEBUG_TOPICS) expect(debug[topic].hasSubscribers).toBe(false);
  });
});

describe('NEXUS_DEBUG', () => {
  async function stderrOf(NEXUS_DEBUG: string): Promise<string[]> {
    const program = fileURLToPath(await bundleSource('test/runtime/executes-once.ts'));
    const env = { ...process.env, NEXUS_DEBUG };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program], { env });
    expect(stdout).toBe('1\n');
    return stderr.split('\n').slice(0, -1);
  }
  const topicsOf = (lines: readonly string[]) => [...new Set(lines.map((line) => line.split(' ')[0]))].sort();

  it('prints the steps of the topics that it names, one a line', async () => {
    const lines = await stderrOf('pool, call');
    expect(topicsOf(lines)).toEqual(['nexus:call', 'nexus:pool']);
    expect(lines.find((line) => line.includes(' sent '))).toMatch(
      /^nexus:pool \+\d+\.\dms sent worker=\d+ requests=1$/,
    );
    // What an application chose as a name cannot look like a line.
    const named = lines.filter((line) => line.includes('handlerName='));
    expect(named.length).toBeGreaterThan(0);
    for (const line of named) expect(line).toContain(String.raw`handlerName='a\nb'`);
  });

  it('prints all with *, nothing when it is empty, and says what there is to a name that it does not know', async () => {
    expect(topicsOf(await stderrOf('*'))).toEqual(['nexus:cache', 'nexus:call', 'nexus:compile', 'nexus:pool']);
    expect(await stderrOf('')).toEqual([]);
    expect(await stderrOf('pol')).toEqual([
      'nexus: NEXUS_DEBUG names pol; there are: call, compile, cache, pool, suspension, quota, and * for all',
    ]);
  });
});

import { describe, expect, it } from 'vitest';

import { compilerConfigFromEnv, configFromEnv } from '#src/config/env.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import type { NexusError } from '#src/errors/nexus-error.js';

function rejection(options: unknown): NexusError {
  try {
    resolveRuntimeConfig(options as object);
  } catch (error) {
    return error as NexusError;
  }
  throw new Error('accepted');
}

describe('options', () => {
  it('are all optional, and the resolved config is frozen', () => {
    const config = resolveRuntimeConfig();
    expect(config.cache.cacheDir).toBe('.nexus-cache');
    expect(config.limits.timeoutMs).toBe(5_000);
    expect(config.pool.memoryLimitBytes).toBe(32 * 1024 * 1024);
    expect(config.suspension).toEqual({
      place: 'memory',
      leaseMs: 30_000,
      outcomeRetentionMs: 86_400_000,
      sweepMs: 60_000,
      maxSuspensions: { total: 50_000, perTenant: 12_500 },
      maxSuspendedBytes: { total: 256 * 1024 * 1024, perTenant: 64 * 1024 * 1024 },
      secrets: [],
      ttlMs: 7 * 24 * 60 * 60 * 1000,
      maxBytes: 32 * 1024 * 1024,
    });
    const parts = [config, config.cache, config.pool, config.limits, config.suspension];
    expect(parts.every(Object.isFrozen)).toBe(true);
  });

  it.each([
    ['maxInstanses', 'maxInstances'],
    ['cachedir', 'cacheDir'],
    ['timeout', 'timeoutMs'],
    ['memoryLimit', 'memoryLimitBytes'],
  ])('an unknown key %s is rejected naming %s', (given, nearest) => {
    const error = rejection({ [given]: 1 });
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message).toContain(`Did you mean ${nearest}?`);
    expect(error.context).toMatchObject({ option: given, nearest });
  });

  it.each([
    [{ maxInstances: 0 }, 'maxInstances'],
    [{ maxInstances: 10_000 }, 'maxInstances'],
    [{ maxInstances: 2, minInstances: 3 }, 'minInstances'],
    [{ timeoutMs: -1 }, 'timeoutMs'],
    [{ timeoutMs: 1.5 }, 'timeoutMs'],
    [{ timeoutMs: '5' }, 'timeoutMs'],
    [{ memoryLimitBytes: 1024 }, 'memoryLimitBytes'],
    [{ memoryLimitBytes: 32 * 1024 * 1024 + 1 }, 'memoryLimitBytes'],
    [{ stackSizeBytes: 64 * 1024 * 1024 }, 'stackSizeBytes'],
    [{ cacheDir: '' }, 'cacheDir'],
    [{ cacheDir: 5 }, 'cacheDir'],
    [{ cacheSecret: 'too short' }, 'cacheSecret'],
    [{ suspensionDir: '' }, 'suspensionDir'],
    [{ suspensionStore: {} }, 'suspensionStore'],
    [{ suspensionStore: {}, suspensionDir: 'a' }, 'suspensionStore'],
    [{ suspensionSecret: 'too short' }, 'suspensionSecret'],
    [{ suspensionSecret: ['long enough for a secret', 5] }, 'suspensionSecret'],
    [{ suspensionSecret: [] }, 'suspensionSecret'],
    [{ suspensionTtlMs: 0 }, 'suspensionTtlMs'],
    [{ maxSuspensionBytes: -1 }, 'maxSuspensionBytes'],
    [{ libraries: { a: {} } }, 'libraries.a'],
    [{ libraries: { a: { source: '1', file: 'x' } } }, 'libraries.a'],
    [{ metrics: { prefix: '9bad' } }, 'metrics.prefix'],
    [{ metrics: { prefx: 'a' } }, 'metrics.prefx'],
  ])('%j is rejected naming %s and what is allowed', (options, option) => {
    const error = rejection(options);
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.fault).toBe('caller');
    expect(error.context['option']).toBe(option);
    expect(error.message).toContain(option);
  });

  it.each([
    [null, 'Option node is null; it must be true, false or an object { env }.'],
    ['yes', 'Option node is "yes"; it must be true, false or an object { env }.'],
    [{ env: null }, 'Option node.env is null; it must be an object.'],
    [{ env: { A: 1 } }, 'Option node.env.A is 1; it must be a string.'],
    [
      { env: new Map() },
      'Option node.env is an object (Map); it must be an object of texts; Object.fromEntries(map) makes one.',
    ],
    [
      { env: { A: 'x'.repeat(65_536) } },
      'Option node.env has 65537 characters; it may have 65536 in all, names and values together.',
    ],
  ])('node: %j is rejected with what is allowed', (node, message) => {
    expect(rejection({ node } as never).message).toBe(message);
  });

  it('a secret is not shown in the error about it', () => {
    expect(rejection({ cacheSecret: 'hunter2' }).message).not.toContain('hunter2');
  });
});

describe('the environment', () => {
  it('gives every scalar option, with the prefixed name first', () => {
    // npm sets NODE, which is no option.
    const env = {
      NODE: '/usr/bin/node',
      CACHE_DIR: '/a',
      NEXUS_CACHE_DIR: '/b',
      MAX_INSTANCES: '3',
      TIMEOUT_MS: '250',
      METRICS: 'false',
    };
    expect(configFromEnv(env)).toEqual({ cacheDir: '/b', maxInstances: 3, timeoutMs: 250, metrics: false });
  });

  it('turns the disk tier off with CACHE_DIR=false and ignores empty variables', () => {
    expect(configFromEnv({ CACHE_DIR: 'false', MAX_INSTANCES: '' })).toEqual({ cacheDir: false });
  });

  it('gives several secrets of a list, and a compiler only what it takes', () => {
    const env = {
      SUSPENSION_DIR: '/s',
      SUSPENSION_SECRET: 'the new secret 1, the old secret 2',
      SUSPENSION_TTL_MS: '1000',
      NEXUS_MAX_SUSPENSION_BYTES: '2000',
      CACHE_DIR: '/c',
    };
    expect(configFromEnv(env)).toEqual({
      cacheDir: '/c',
      suspensionDir: '/s',
      suspensionSecret: ['the new secret 1', 'the old secret 2'],
      suspensionTtlMs: 1000,
      maxSuspensionBytes: 2000,
    });
    expect(compilerConfigFromEnv(env)).toEqual({ cacheDir: '/c' });
  });

  it('names the variable that is no number', () => {
    expect(() => configFromEnv({ NEXUS_MAX_INSTANCES: 'many' })).toThrow(/NEXUS_MAX_INSTANCES.*whole number/);
  });
});

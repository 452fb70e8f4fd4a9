import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CapabilityKind, CapabilityToken } from '#src/api/capability.js';
import { Grants } from '#src/capabilities/grants.js';
import { CAPABILITY_KINDS, parseToken } from '#src/capabilities/token.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { EncodedGrants } from '#src/execution/request/encoded-grants.js';
import { ForgedOutcome, readEffects } from '#src/execution/result/effects.js';
import { SIGNAL_EXTENSION } from '#src/guest/abi.js';
import { createRuntime } from '#src/index.js';
import { runHandler } from '#src/testing/index.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../support/executor.js';

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

describe('a token covers the names that it spells, and those that begin so before a *', () => {
  it.each<[CapabilityToken, string, boolean]>([
    ['state:read:a', 'a', true],
    ['state:read:a', 'A', false],
    ['state:read:a', 'ab', false],
    ['state:read:a*', 'a', true],
    ['state:read:a*', 'ab', true],
    ['state:read:a*', 'b', false],
    ['state:read:a*', 'a*', true],
    ['state:read:*', '', true],
    ['state:read:a', '', false],
    ['state:read:a:b', 'a:b', true],
    ['state:read:a:b', 'a', false],
    ['state:read:a.b', 'a.b', true],
    ['state:read:a', 'a.b', false],
    ['state:read:a', 'a:b', false],
    ['state:read:é', 'e\u0301', false],
    ['state:read:e*', 'e\u0301', true],
    ['state:read:\ud83d*', '😀', true],
    ['state:read:\ud83d', '\ud83d', true],
    ['state:read:\ud83d', '\ufffd', false],
    ['state:read:__proto__', '__proto__', true],
    ['state:read:constructor', '__proto__', false],
    ['state:read: a', 'a', false],
    ['state:read:a\n', 'a', false],
    ['state:read:a\nstate:read:b', 'b', false],
    ['events:emit:order', 'order.paid', false],
    ['events:emit:order.*', 'order.paid', true],
    ['events:emit:order.*', 'order', false],
    ['view:update:list', 'list:1', false],
    ['ext:http', 'http.get', true],
    ['ext:http', 'http.admin.get', true],
    ['ext:http', 'https.get', false],
    ['ext:http', 'http', false],
    ['ext:http.*', 'http.get', true],
    ['ext:http.get', 'http.get', true],
    ['ext:http.get', 'http.getAll', false],
    ['ext:http.get*', 'http.getAll', true],
    ['ext:ht*', 'http.get', true],
    ['ext:http.', 'http.', true],
    ['ext:http.', 'http.get', false],
    ['timer', 'sleep', true],
    ['timer:*', 'sleep', true],
    ['timer:sleep', 'sleep', true],
    ['timer:sle*', 'sleep', true],
    ['timer:other', 'sleep', false],
    ['signal:paid', 'paid', true],
    ['signal:pa*', 'paid', true],
    ['signal:*', 'paid', true],
    ['signal:paid', 'unpaid', false],
    ['net:*', 'GET:api.example.com', true],
    ['net:*:*', 'GET:api.example.com', true],
    ['net:GET:api.example.com', 'GET:api.example.com', true],
    ['net:GET:api.example.com', 'POST:api.example.com', false],
    ['net:GET:api.example.com', 'GET:api.example.com:8443', false],
    ['net:GET:api.example.com', 'GET:api.example.com.evil.example', false],
    ['net:GET:api.example.com:8443', 'GET:api.example.com:8443', true],
    ['net:GET:*', 'GET:a:1', true],
    ['net:GET:*', 'POST:a', false],
    ['net:*:a.b', 'PUT:a.b', true],
    ['net:*:a.b', 'PUT:a.bc', false],
    ['net:P*:a.*', 'PATCH:a.bc', true],
    ['net:P*:a.*', 'GET:a.bc', false],
    ['net:P*:a.*', 'PATCH:b.a.c', false],
  ])('%j and %j: %s', (token, name, expected) => {
    const kind = parseToken(token)?.kind as CapabilityKind;
    expect(Grants.parse([token]).allows(kind, name)).toBe(expected);
    for (const other of CAPABILITY_KINDS)
      if (other !== kind) expect(Grants.parse([token]).allows(other, name)).toBe(false);
  });

  it.each([
    'state:read:',
    'state:read',
    'State:read:a',
    'state:Read:a',
    'state:read:a*b',
    'state:read:**',
    ' state:read:a',
    'state:*',
    '*',
    '',
    'ext:',
    'ext:.get',
    'ext:.*',
    'log:info',
    ...[
      'timers',
      'timer:',
      'net',
      'net:GET',
      'net:get:a',
      'net:GET:',
      'net:G*T:a',
      'net:GET:A',
      'net:GET:a/b',
      'net::a',
    ],
    'prototype:x',
  ])('%j is no token', (token) => {
    expect(parseToken(token)).toBeUndefined();
    expect(() => Grants.parse([token as CapabilityToken])).toThrow('context.capabilities[0]');
  });

  it('a list that was changed after it was parsed is parsed again', () => {
    const tokens: CapabilityToken[] = ['state:read:a\nstate:read:b' as CapabilityToken];
    expect(EncodedGrants.of(tokens).grants.allows('state:read', 'b')).toBe(false);
    expect(EncodedGrants.of(tokens)).toBe(EncodedGrants.of(tokens));
    tokens.splice(0, 1, 'state:read:a', 'state:read:b');
    expect(EncodedGrants.of(tokens).grants.allows('state:read', 'b')).toBe(true);
  });
});

/** Uses one name in one way. */
const USES: Readonly<Record<CapabilityKind, string>> = {
  'state:read': '$state.get($args)',
  'state:write': '$state.set($args, 1)',
  'events:emit': '$emit($args)',
  'view:update': '$view.focus($args)',
  timer: 'await $sleep(1)',
  net: 'await fetch($args)',
  signal: 'await $signal($args)',
  ext: 'const at = $args.indexOf("."); $ext[$args.slice(0, at)][$args.slice(at + 1)]()',
};

/** Names made of the characters that separate names and patterns, and of characters that confuse texts. */
const text = fc
  .array(
    fc.constantFrom('a', 'b', 'A', '.', ':', '*', '', ' ', 'é', 'e\u0301', '\ud83d', '\ude00', '__proto__', '\0', '\n'),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map((parts) => parts.join(''));

describe('the check in the VM and the check on the host', () => {
  // Timers have one name, and requests have tests of their own.
  it.each(
    CAPABILITY_KINDS.filter((kind) => kind !== 'timer' && kind !== 'net'),
  )('agree on every name of %s', async (kind) => {
    const property = fc.asyncProperty(fc.array(text, { maxLength: 3 }), text, async (patterns, other) => {
      const tokens = patterns
        .map((pattern) => `${kind}:${pattern}` as CapabilityToken)
        .filter((token) => parseToken(token));
      const grants = Grants.parse(tokens);
      // As often as not, one that has to do with the tokens.
      const all = [other, ...patterns, ...patterns.map((pattern) => pattern.replaceAll('*', other))];
      // A signal without a name is a TypeError, whatever is granted.
      const names = kind === 'signal' ? all.filter((name) => name !== '') : all;
      for (const each of names) {
        const name = kind === 'ext' ? `x${each.replaceAll('.', '')}.${each}` : each;
        const code = `try { ${USES[kind]} } catch (error) { return error.code }`;
        const outcome = await runInThread(executor, code, { capabilities: tokens, args: name });
        const isDenied = outcome.denials.includes(`${kind}:${name}`);
        expect(isDenied, `${JSON.stringify(tokens)} ${JSON.stringify(name)}`).toBe(!grants.allows(kind, name));
        expect(hostRefuses(kind, name, grants), JSON.stringify(name)).toBe(kind !== 'state:read' && isDenied);
      }
    });
    await fc.assert(property, { numRuns: 60, seed: 15 });
  });

  function hostRefuses(kind: CapabilityKind, name: string, grants: Grants): boolean {
    const at = name.indexOf('.');
    const made: Partial<Record<CapabilityKind, Parameters<typeof readEffects>>> = {};
    const bounds = { grants, limits: resolveRuntimeConfig({}).limits };
    made['state:write'] = [[['set', name, 1]], [], [], [], 0, undefined, bounds];
    made['events:emit'] = [[], [[name, 1]], [], [], 0, undefined, bounds];
    made['view:update'] = [[], [], [['focus', name, []]], [], 0, undefined, bounds];
    made.ext = [[], [], [], [], 0, [['c1', name.slice(0, at), name.slice(at + 1), []]], bounds];
    made.signal = [[], [], [], [], 0, [['c1', SIGNAL_EXTENSION, name, []]], bounds];
    const effects = made[kind];
    if (effects === undefined) return false;
    try {
      readEffects(...effects);
      return false;
    } catch (error) {
      if (error instanceof ForgedOutcome && error.error.code === 'PERMISSION_DENIED') return true;
      throw error;
    }
  }
});

describe('the name of an extension has no dots', () => {
  const NAMES = ['http.admin', 'a.', '.a', '.', ''];

  it.each(NAMES)('so that %j cannot be called, whatever is granted', async (name) => {
    const outcome = await runInThread(executor, 'return $ext[$args].get()', { capabilities: ['ext:*'], args: name });
    expect(outcome.error).toMatchObject({ code: 'EXECUTION_ERROR' });
    expect(outcome.error?.message).toContain('names have no dots');
    expect(outcome.calls).toEqual([]);
  });

  it.each(NAMES)('so that a guest that says it called %j is not believed', (name) => {
    const bounds = { grants: Grants.parse(['ext:*', 'ext:http']), limits: resolveRuntimeConfig({}).limits };
    expect(() => readEffects([], [], [], [], 0, [['c1', name, 'get', []]], bounds)).toThrow(ForgedOutcome);
  });

  it.each(NAMES)('so that %j is INVALID_ARGUMENT wherever extensions are named', async (name) => {
    const extensions = { [name]: { get: () => 1 } };
    const invalid = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('without dots') };
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    await expect(runtime.executeHandler('return 1', { extensionRegistry: extensions })).rejects.toMatchObject(invalid);
    await expect(runtime.run('return 1', {}, { extensions })).rejects.toMatchObject(invalid);
    await expect(runHandler('return 1', { ext: extensions })).rejects.toMatchObject(invalid);
  });

  it('the name of a method may have dots', async () => {
    const outcome = await runInThread(executor, 'await $ext.http["admin.get"]()', {
      capabilities: ['ext:http.admin.get'],
    });
    expect(outcome.calls).toMatchObject([{ extensionName: 'http', method: 'admin.get' }]);
  });
});

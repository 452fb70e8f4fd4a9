import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Grants } from '#src/capabilities/grants.js';
import { auditEvents, MAX_AUDITED_NAME_LENGTH, MAX_AUDITED_NAMES } from '#src/execution/result/audit.js';
import { type AuditEvent, type CapabilityToken, createRuntime, type NexusRuntime } from '#src/index.js';

/** Of the segment whose events are made. */
const AT = { time: new Date(0), handler: 'h' };

let runtime: NexusRuntime;
let events: AuditEvent[] = [];
let fails = false;

beforeAll(async () => {
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    observer: {
      onAudit: (event) => {
        if (fails) throw new Error('listener');
        events.push(event);
      },
    },
  });
});
beforeEach(() => {
  events = [];
  fails = false;
});
afterAll(() => runtime.shutdown());

describe('an audit', () => {
  it('tells every capability that was used, and how often', async () => {
    const source = `
      $state.a + $state.a; $state.b.c; $state.w = 1; $state.w = 2; $state.b.c = 3;
      $emit('e'); $emit('e'); $view.focus('v'); await $ext.http.get();
    `;
    await runtime.executeHandler(source, {
      stateSnapshot: { a: 1, b: { c: 2 } },
      capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'],
      handlerName: 'h',
      panelId: 'p',
    });
    const seen = events.map(({ capability, allowed, uses }) => [capability, allowed, uses]);
    expect(seen.sort()).toEqual([
      ['events:emit:e', true, 2],
      ['ext:http.get', true, 1],
      ['state:read:a', true, 1],
      ['state:read:b', true, 1],
      ['state:write:b', true, 1],
      ['state:write:w', true, 2],
      ['view:update:v', true, 1],
    ]);
    expect(events.every(({ handlerName, panelId }) => handlerName === 'h' && panelId === 'p')).toBe(true);
  });

  it('tells what was denied, also when the handler caught the error', async () => {
    const source = `
      for (const attempt of [() => $emit('x'), () => $emit('x'), () => { $state.s = 1 }, () => $state.r, () => $ext.a.b()]) {
        try { attempt() } catch {}
      }
      return 'done';
    `;
    expect((await runtime.executeHandler(source)).returnValue).toBe('done');
    expect(events).toMatchObject([
      { capability: 'events:emit:x', allowed: false, uses: 2 },
      { capability: 'state:write:s', allowed: false, uses: 1 },
      { capability: 'state:read:r', allowed: false, uses: 1 },
      { capability: 'ext:a.b', allowed: false, uses: 1 },
    ]);
  });

  it('a listener of audits that throws changes nothing', async () => {
    fails = true;
    const result = await runtime.executeHandler('$emit("e"); return 1', { capabilities: ['events:emit:e'] });
    expect(result).toMatchObject({ status: 'success', returnValue: 1 });
  });
});

/** What the audit says that a handler read, sorted. */
async function readsOf(code: string, capabilities: readonly CapabilityToken[] = ['state:read:*']) {
  const stateSnapshot = { card: { n: 1 }, name: 'Ada', list: [1] };
  const context = {
    stateSnapshot,
    capabilities: [...capabilities, 'events:emit:*', 'ext:*', 'view:update:*'] as const,
  };
  const result = await runtime.executeHandler(code, context);
  if (result.status === 'error') throw new Error(result.error?.message);
  return events.flatMap(({ capability }) => capability.match(/^state:read:(.*)/)?.[1] ?? []).sort();
}

describe('what shows all keys of the state is audited as a read of each', () => {
  it.each([
    'return $state',
    'return { deep: [$state] }',
    '$emit("e", $state)',
    '$emit("e", { deep: $state })',
    '$view.command("c", $state)',
    '$ext.a.b($state); await 0',
    '$log($state)',
    'return Object.keys($state)',
    'return Object.values($state)',
    'return Object.entries($state)',
    'return Object.getOwnPropertyNames($state)',
    'return Reflect.ownKeys($state)',
    'return Object.getOwnPropertyDescriptors($state)',
    'return { ...$state }',
    'const { nothing, ...rest } = $state.card; const { ...all } = $state; return 1',
    'return Object.assign({}, $state)',
    'const seen = []; for (const key in $state) seen.push(key); return seen',
    'const seen = []; for (const key in Object.create($state)) seen.push(key); return seen',
    'return JSON.stringify($state)',
    'return structuredClone($state)',
    'return structuredClone({ deep: $state })',
    'return $state.keys()',
    'return new Proxy($state, {})',
    'return Object.keys(new Proxy($state, {}))',
    'return Object.isFrozen($state)',
    'try { throw { all: $state } } catch (thrown) { return thrown }',
    'return [$state].map((state) => Object.entries(state))',
  ])('%s', async (code) => {
    const read = await readsOf(code);
    expect(read.filter((key) => key !== 'nothing')).toEqual(['card', 'list', 'name']);
  });
});

describe('what shows one key of the state is audited as a read of that key alone', () => {
  it.each([
    'return $state.card',
    'return $state["ca" + "rd"].n',
    'const { card } = $state; return 1',
    'const { card: { n } } = $state; return 1',
    'return $state.get("card")',
    'return $state.has("card")',
    'return "card" in $state',
    'return $state.hasOwnProperty("card")',
    'return Object.hasOwn($state, "card")',
    'return $state.propertyIsEnumerable("card")',
    'return Reflect.has($state, "card")',
    'return Reflect.get($state, "card")',
    'return Object.getOwnPropertyDescriptor($state, "card").value',
    'return Reflect.getOwnPropertyDescriptor($state, "card").value',
    'return Object.create($state).card',
    'return new Proxy($state, {}).card',
    'return $state.__lookupGetter__("card")',
    '$state.card.n = 2; return 1',
    'for (let i = 0; i < 10; i++) $state.card; return 1',
  ])('%s', async (code) => {
    expect(await readsOf(code, ['state:read:*', 'state:write:*'])).toEqual(['card']);
  });

  it('$state.delete, which says whether there was one', async () => {
    expect(await readsOf('return $state.delete("name")', ['state:read:*', 'state:write:*'])).toEqual(['name']);
  });

  it('a key that is not there', async () => {
    expect(await readsOf('return [$state.none, "nil" in $state, $state.get("null"), $state.has("no")]')).toEqual([
      'nil',
      'no',
      'none',
      'null',
    ]);
  });

  it('an audit names no method behind the keys, nor what the language asks of any object', async () => {
    expect(await readsOf('await $state; $state.get; $state.toString; $state[Symbol.iterator]; return 1')).toEqual([]);
  });

  it('a read of one key is audited in the segment that reads it', async () => {
    const code = 'const s = $state; s.name; await $ext.a.b(); s.card; await $ext.a.b(); s.list; return s.card.n';
    const context = {
      stateSnapshot: { card: { n: 1 }, name: 'Ada', list: [1] },
      capabilities: ['state:read:*', 'ext:*'],
    } as const;
    let result = await runtime.executeHandler(code, context);
    const bySegment = [events.map(({ capability }) => capability)];
    while (result.suspension !== undefined) {
      events = [];
      result = await runtime.resumeHandler(result.suspension.suspensionId, { success: true, value: 1 });
      bySegment.push(events.map(({ capability }) => capability));
    }
    expect(bySegment).toEqual([
      ['state:read:name', 'ext:a.b'],
      ['state:read:card', 'ext:a.b'],
      ['state:read:list', 'state:read:card'],
    ]);
  });
});

describe('the names in an audit', () => {
  const LOOK = 'for (let i = 0; i < 90_000; i++) $state["k" + i];';

  it('the names in an audit of absent keys are bounded, and the event that says so counts the others', async () => {
    await readsOf(`${LOOK} return 1`);
    expect(events.slice(0, MAX_AUDITED_NAMES).every(({ capability }) => capability.startsWith('state:read:k'))).toBe(
      true,
    );
    const cut = { capability: 'state:read:*', allowed: true, uses: 90_000 - MAX_AUDITED_NAMES, isCut: true };
    expect(events.slice(MAX_AUDITED_NAMES)).toMatchObject([cut]);
  });

  it('the names in an audit of keys that are there come before those of absent ones', async () => {
    const read = await readsOf(`${LOOK} return $state.card`);
    expect(read).toContain('card');
    expect(read).toHaveLength(MAX_AUDITED_NAMES + 1);
  });

  it('are bounded on the host whatever the guest says', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `k${i}`);
    const effects = { stateMutations: [], events: [], viewCommands: [], calls: [] };
    const long = 'x'.repeat(1_000_000);
    const told = auditEvents(
      { ...effects, reads: { keys: [long, ...many], more: 7 }, denials: many.map((name) => `ext:${name}`) },
      Grants.parse(['state:read:*']),
      AT,
    );
    expect(told).toHaveLength(2 * (MAX_AUDITED_NAMES + 1));
    expect(told.filter(({ isCut }) => isCut)).toEqual([
      { capability: 'state:read:*', allowed: true, uses: 7 + 1 + many.length - MAX_AUDITED_NAMES, isCut: true, ...AT },
      { capability: 'ext:*', allowed: false, uses: many.length - MAX_AUDITED_NAMES, isCut: true, ...AT },
    ]);
    expect(Math.max(...told.map(({ capability }) => capability.length))).toBeLessThan(MAX_AUDITED_NAME_LENGTH + 20);
  });

  it('keys that may not be read are not audited as read', () => {
    const effects = {
      stateMutations: [],
      events: [],
      viewCommands: [],
      calls: [],
      denials: ['nonsense', 'state:read:b'],
    };
    const told = auditEvents({ ...effects, reads: { keys: ['a', 'b'], more: 0 } }, Grants.parse(['state:read:a']), AT);
    expect(told.map(({ capability, allowed }) => [capability, allowed])).toEqual([
      ['state:read:a', true],
      ['state:read:b', false],
    ]);
  });
});

describe('an execution that does not tell what it read', () => {
  const CAPABILITIES = ['state:read:card', 'state:read:pre*', 'events:emit:*'] as const;
  const ASSUMED = CAPABILITIES.slice(0, 2).map((capability) => ({
    capability,
    allowed: true,
    uses: 0,
    isAssumed: true,
  }));

  it.each([
    ['its worker was killed', 'TIMEOUT', `const s = 'a'.repeat(8e6); s.indexOf('a'.repeat(4e6) + 'b')`, 200],
    ['its outcome was too large', 'RESOURCE_LIMIT', `return 'x'.repeat(1e5)`, 5_000],
  ])('because %s is taken to have read all that it might', async (_, code, source, timeoutMs) => {
    const context = { stateSnapshot: { card: 1 }, capabilities: CAPABILITIES };
    const { error } = await runtime.executeHandler(source, context, { timeoutMs, limits: { maxResultBytes: 65_536 } });
    expect(error?.code).toBe(code);
    expect(events).toMatchObject(ASSUMED);
  });

  it('because its list is no list is taken to have read all that it might', () => {
    const told = auditEvents(undefined, Grants.parse([...CAPABILITIES]), AT);
    expect(told).toEqual(ASSUMED.map((event) => ({ ...event, ...AT })));
  });
});

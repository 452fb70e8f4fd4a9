import { describe, expect, it } from 'vitest';

import '#src/testing/vitest.js';
import { expectSuccess, type TestResult } from '#src/testing/index.js';
import { testRuntime } from './runtime.js';

const runtime = await testRuntime();
const result = await runtime.runHandler(
  `
  $state.count = 1;
  $state.user = { name: 'Ada', tags: ['new'] };
  delete $state.draft;
  $emit('paid', { amount: 5 });
  $emit('paid', { amount: 7 });
  await $ext.http.get('/users', { limit: 1 });
  `,
  { state: { draft: 1 }, ext: { http: { get: () => 1 } } },
);
const nothing = await runtime.runHandler('return 1');
const denied = await runtime.runHandler('$emit("paid")', { capabilities: [] });
const late = await runtime.runHandler('while (true) {}', { timeoutMs: 10 });

/** What an assertion that fails says, without colours. */
function messageOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin
    return (error as Error).message.replaceAll(/\u001b\[\d+m/g, '');
  }
  throw new Error('the assertion passed');
}

describe('toHaveMutated', () => {
  it('passes for a key, a value, a part of one, and a deletion', () => {
    expect(result).toHaveMutated('count');
    expect(result).toHaveMutated('count', 1);
    expect(result).toHaveMutated('user', { name: 'Ada', tags: ['new'] });
    expect(result).toHaveMutated('user', expect.objectContaining({ name: expect.any(String) }));
    expect(result).toHaveMutated('draft');
    expect(result).not.toHaveMutated('draft', 1);
    expect(nothing).not.toHaveMutated('count');
  });

  it('shows the difference to the value that was set, and all mutations', () => {
    const message = messageOf(() => expect(result).toHaveMutated('user', { name: 'Grace', tags: ['new'] }));
    expect(message).toContain(`expect(result).toHaveMutated('user', { name: 'Grace', tags: [ 'new' ] })`);
    expect(message).toContain(`Expected the handler to have mutated 'user' with { name: 'Grace', tags: [ 'new' ] }`);
    expect(message).toMatch(/-\s+"name": "Grace",\n\+\s+"name": "Ada",/);
    expect(message).toContain(
      "Received: it\n  set 'count' to 1\n  set 'user' to { name: 'Ada', tags: [ 'new' ] }\n  deleted 'draft'",
    );
  });

  it('says that there was none', () => {
    expect(messageOf(() => expect(nothing).toHaveMutated('count'))).toMatch(
      /to have mutated 'count'\n\nReceived: it mutated nothing$/,
    );
    expect(messageOf(() => expect(result).not.toHaveMutated('count', 1))).toMatch(
      /expect\(result\)\.not\.toHaveMutated\('count', 1\)\n\nExpected the handler not to have mutated 'count'\n/,
    );
  });
});

describe('toHaveEmitted', () => {
  it('passes for a name, and for the payload of any event of that name', () => {
    expect(result).toHaveEmitted('paid');
    expect(result).toHaveEmitted('paid', { amount: 5 });
    expect(result).toHaveEmitted('paid', { amount: expect.any(Number) });
    expect(result).not.toHaveEmitted('refunded');
    expect(result).not.toHaveEmitted('paid', { amount: 6 });
    expect(denied).not.toHaveEmitted('paid');
  });

  it('shows the difference to the last payload of that name, and all events', () => {
    const message = messageOf(() => expect(result).toHaveEmitted('paid', { amount: 6 }));
    expect(message).toMatch(/- {3}"amount": 6,\n\+ {3}"amount": 7,/);
    expect(message).toContain("Received: it\n  emitted 'paid' with { amount: 5 }\n  emitted 'paid' with { amount: 7 }");
    expect(messageOf(() => expect(nothing).toHaveEmitted('paid'))).toContain('it emitted nothing');
    expect(messageOf(() => expect(result).not.toHaveEmitted('paid'))).toContain("not to have emitted 'paid'");
  });
});

describe('toHaveCalled', () => {
  it('passes for a method, and for its arguments', () => {
    expect(result).toHaveCalled('http.get');
    expect(result).toHaveCalled('http.get', '/users', { limit: 1 });
    expect(result).toHaveCalled('http.get', expect.stringContaining('user'), expect.anything());
    expect(result).not.toHaveCalled('http.get', '/users');
    expect(result).not.toHaveCalled('http.post');
  });

  it('shows the difference to the arguments, and all calls', () => {
    const message = messageOf(() => expect(result).toHaveCalled('http.get', '/users', { limit: 2 }));
    expect(message).toMatch(/- {5}"limit": 2,\n\+ {5}"limit": 1,/);
    expect(message).toContain("Received: it\n  called $ext.http.get('/users', { limit: 1 })");
    expect(messageOf(() => expect(nothing).toHaveCalled('http.get'))).toContain('it called nothing');
    expect(messageOf(() => expect(result).not.toHaveCalled('http.get'))).toContain('not to have called $ext.http.get');
  });

  it('looks at what waits in a result of the runtime itself', async () => {
    const waiting = await runtime.executeHandler('await $ext.x.y(1)', { capabilities: ['ext:*'] });
    expect(waiting).toHaveCalled('x.y', 1);
    expect(waiting).not.toHaveCalled('x.z');
  });
});

describe('toBeDeniedCapability', () => {
  it('passes for the capability that ended the handler', () => {
    expect(denied).toBeDeniedCapability();
    expect(denied).toBeDeniedCapability('events:emit:paid');
    expect(denied).not.toBeDeniedCapability('ext:http.get');
    expect(result).not.toBeDeniedCapability();
    expect(late).not.toBeDeniedCapability();
  });

  it('shows which one it was, or how the handler ended', () => {
    const other = messageOf(() => expect(denied).toBeDeniedCapability('events:emit:sent'));
    expect(other).toMatch(/to be denied 'events:emit:sent'\n\nReceived: it\n {2}was denied 'events:emit:paid'/);
    expect(messageOf(() => expect(nothing).toBeDeniedCapability())).toContain('Received: it\n  ended with success');
    expect(messageOf(() => expect(late).toBeDeniedCapability())).toContain(
      'ended with TIMEOUT: The handler ran longer',
    );
    expect(messageOf(() => expect(denied).not.toBeDeniedCapability())).toContain("was denied 'events:emit:paid'");
  });
});

describe('toTimeOut', () => {
  it('passes for a handler whose time was over', () => {
    expect(late).toTimeOut();
    expect(result).not.toTimeOut();
  });

  it('says how it ended', () => {
    expect(messageOf(() => expect(nothing).toTimeOut())).toMatch(
      /to time out\n\nReceived: it\n {2}ended with success$/,
    );
    expect(messageOf(() => expect(denied).toTimeOut())).toContain('ended with PERMISSION_DENIED');
    expect(messageOf(() => expect(late).not.toTimeOut())).toContain('Expected the handler not to time out');
  });
});

it('is for results', async () => {
  const promise = Promise.resolve(result);
  expect(() => expect(promise as unknown as TestResult).toTimeOut()).toThrow(
    /toTimeOut is for the result.*await it first/,
  );
  expect(() => expect({ status: 'success' }).toHaveMutated('x')).toThrow(
    'toHaveMutated is for the result of a handler',
  );
  await expect(promise).resolves.toHaveEmitted('paid');
});

describe('toSucceed', () => {
  it('passes for a handler that succeeded', () => {
    expect(nothing).toSucceed();
    expect(denied).not.toSucceed();
    expect(messageOf(() => expect(nothing).not.toSucceed())).toMatch(/not to succeed\n\nReceived: it\n {2}returned 1$/);
  });

  it("shows the handler's own message and the lines around the place", async () => {
    const failed = await runtime.runHandler('const total = 1;\nreturn total.items.length;');
    const lines = [
      "EXECUTION_ERROR (2:19): TypeError: cannot read properties of undefined (reading 'length'), of total.items.length",
      '',
      '1 | const total = 1;',
      '2 | return total.items.length;',
      '  |                   ^',
    ];
    expect(messageOf(() => expect(failed).toSucceed())).toContain(
      `Received: it\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}`,
    );
    expect(messageOf(() => expectSuccess(failed))).toBe(`The handler did not succeed: ${lines.join('\n')}`);
  });

  it('says for what a handler waits', async () => {
    const step = await runtime.suspendAt('await Promise.all([$ext.a.b(), $ext.c.d()])');
    expect(messageOf(() => expect(step).toSucceed())).toContain('it waits for $ext.a.b, $ext.c.d');
  });

  it('gives the result back, as one that succeeded', () => {
    expect(expectSuccess(nothing).status satisfies 'success').toBe('success');
    expect(expectSuccess(nothing)).toBe(nothing);
  });
});

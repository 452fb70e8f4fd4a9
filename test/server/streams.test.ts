import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bearer, readEvents, Serving, TOKENS } from './support/serving.js';

const [acme, other] = TOKENS.map(({ token }) => token) as [string, string];
let serving: Serving;
/** Ends the call of the extension that is under way. */
let answer: (value: unknown) => void;
let called: Promise<void>;
let onCall: () => void;
const aborted: AbortSignal[] = [];

function expectCall(): void {
  called = new Promise((resolve) => {
    onCall = resolve;
  });
}

beforeAll(async () => {
  const { currentCall } = await import('nexus-runtime');
  serving = await Serving.start({
    tokens: TOKENS,
    streamRetentionMs: 300,
    extensions: {
      people: {
        ask: (question: unknown) => {
          const { signal } = currentCall() ?? { signal: AbortSignal.abort() };
          aborted.push(signal);
          onCall();
          return new Promise((resolve, reject) => {
            answer = resolve;
            signal.addEventListener('abort', () => reject(new Error(`no answer to ${String(question)}`)));
          });
        },
      },
    },
  });
});

afterAll(() => serving[Symbol.asyncDispose]());

const CODE = `
  $state.n = 1; $log('first');
  const who = await $ext.people.ask('who?');
  $state.n = 2; $emit('known', who);
  return who`;
const BODY = JSON.stringify({
  code: CODE,
  context: { stateSnapshot: {}, capabilities: ['state:write:*', 'events:emit:*', 'ext:people'] },
});

function start(token: string, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<Response> {
  expectCall();
  return fetch(`${serving.url}/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token), ...headers },
    body: BODY,
    ...(signal && { signal }),
  });
}

describe('POST /run', () => {
  it('streams log and effects when they come about, and the result', async () => {
    const response = await start(acme);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = readEvents(response);
    await called;
    answer('Ada');
    expect((await events).map(({ event, data }) => [event, data])).toMatchObject([
      ['log', { level: 'info', message: 'first' }],
      ['effects', { stateMutations: [{ key: 'n', value: 1 }], events: [] }],
      ['effects', { stateMutations: [{ key: 'n', value: 2 }], events: [{ name: 'known', payload: 'Ada' }] }],
      ['result', { status: 'success', returnValue: 'Ada' }],
    ]);
    const ids = (await events).map(({ id }) => id);
    const stream = ids[0]?.replace(/\.1$/, '');
    expect(ids).toEqual([1, 2, 3, 4].map((number) => `${stream}.${number}`));
    expect(response.headers.get('location')).toBe(`/run/${stream}`);
  });

  it('goes on behind Last-Event-ID, by GET and by POST, and for nobody else', async () => {
    const response = await start(acme);
    const path = response.headers.get('location') as string;
    const [, effects] = await readEvents(response, 2);
    const id = effects?.id as string;
    await called;
    expect(await serving.get(path, other, { 'last-event-id': id })).toMatchObject({ status: 404 });
    const resumed = fetch(`${serving.url}${path}`, { headers: { ...bearer(acme), 'last-event-id': id } });
    const rest = resumed.then((one) => readEvents(one));
    answer('Bob');
    expect((await rest).map(({ event }) => event)).toEqual(['effects', 'result']);
    const again = await fetch(`${serving.url}/run`, {
      method: 'POST',
      headers: { ...bearer(acme), 'last-event-id': id },
    });
    expect((await readEvents(again)).map(({ event }) => event)).toEqual(['effects', 'result']);
    const whole = await fetch(`${serving.url}${path}`, { headers: bearer(acme) });
    expect((await readEvents(whole)).map(({ event }) => event)).toEqual(['log', 'effects', 'effects', 'result']);
    expect(await serving.get('/run/none', acme, { 'last-event-id': 'none.1' })).toMatchObject({ status: 404 });
    expect(await serving.get(path, acme, { 'last-event-id': 'x y' })).toMatchObject({
      status: 422,
      body: { field: 'last-event-id' },
    });
  });

  it('a run that nobody reads any more is cancelled, and its stream forgotten', async () => {
    const gone = new AbortController();
    const response = await start(acme, {}, gone.signal);
    await readEvents(response, 1);
    await called;
    const signal = aborted.at(-1) as AbortSignal;
    gone.abort();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    const path = response.headers.get('location') as string;
    expect(await serving.get(path, acme)).toMatchObject({ status: 404 });
  });

  it('is one result with Accept: application/json, and ends with a client that goes', async () => {
    const response = start(acme, { accept: 'application/json' });
    await called;
    answer(1);
    expect(await (await response).json()).toMatchObject({ status: 'success', returnValue: 1 });
    const gone = new AbortController();
    const lost = start(acme, { accept: 'application/json' }, gone.signal).catch(() => {});
    await called;
    const signal = aborted.at(-1) as AbortSignal;
    gone.abort();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await lost;
  });

  it('a failure is an event', async () => {
    const response = await fetch(`${serving.url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(acme) },
      body: JSON.stringify({ code: 'return 1', options: { timeoutMs: -1 } }),
    });
    expect((await readEvents(response)).map(({ event, data }) => [event, data.code, data.status])).toEqual([
      ['problem', 'INVALID_ARGUMENT', 422],
    ]);
  });

  it('a reader that does not read makes the handler wait, not the server grow', async () => {
    let calls = 0;
    await using own = await Serving.start({
      tokens: TOKENS,
      extensions: { count: { up: () => ++calls } },
    });
    const code = "for (;;) { $emit('big', 'x'.repeat(200_000)); await $ext.count.up(); }";
    const response = await fetch(`${own.url}/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(acme) },
      body: JSON.stringify({ code, context: { capabilities: ['events:emit:*', 'ext:count'] } }),
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    // It makes no further calls once its reader is behind; a hundred of them would be the limit of events.
    let before = -1;
    while (calls !== before) {
      before = calls;
      for (let i = 0; i < 20; i++) await own.get('/healthz');
    }
    const { body } = await own.get('/stats', 'operator-0123456789abcdef');
    expect(body.server.streamBytes).toBeLessThan(8 * 1024 * 1024);
    expect(body.server.streams).toBe(1);
    await reader.cancel();
  }, 120_000);
});

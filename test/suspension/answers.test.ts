import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

import { ANYTHING, answer, rejection, suspensionOf } from './resume-helpers.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

const TWO_CALLS = '$state.n = 1; return Promise.all([$ext.a.b(), $ext.a.c()])';

async function suspend(code: string): Promise<string> {
  return suspensionOf(await runtime.executeHandler(code, ANYTHING)).suspensionId;
}

/** A call with answers of any type, as from JavaScript. */
function resume(id: string, answers: unknown) {
  return runtime.resumeHandler(id, answers as Parameters<NexusRuntime['resumeHandler']>[1]);
}

describe('answers that are refused', () => {
  const one = { callId: 'c1', success: true, value: 1 };
  it.each([
    ['none at all', [], 'answers'],
    ['undefined', undefined, 'answers'],
    ['null', null, 'answer'],
    ['a bare value', 5, 'answer'],
    ['an answer without success', { value: 5 }, 'answer.success'],
    ['success that is no boolean', { success: 'yes', value: 5 }, 'answer.success'],
    ['one of several without an id', [{ success: true, value: 5 }], 'answers[0].callId'],
    ['an id that nobody waits for', [one, { callId: 'c9', success: true }], 'answers[1].callId'],
    ['an id of another type', [{ callId: 1, success: true }], 'answers[0].callId'],
    ['two to one call', [one, { ...one, value: 2 }], 'answers[1].callId'],
    ['one of another type among them', [one, 'c2'], 'answers[1]'],
    ['a single one with an unknown id', { ...one, callId: 'c3' }, 'answers[0].callId'],
  ])('%s: INVALID_ARGUMENT that says which, and the handler waits on', async (_, answers, field) => {
    const id = await suspend(TWO_CALLS);
    const error = await rejection(resume(id, answers));
    expect([error.code, error.context['field']]).toEqual(['INVALID_ARGUMENT', field]);
    expect((await runtime.inspectSuspension(id))?.state).toBe('suspended');
    const ended = await resume(id, [one, { callId: 'c2', success: true, value: 2 }]);
    expect(ended.returnValue).toEqual([1, 2]);
  });

  it.each([
    ['a function', { deep: [() => 1] }, 'answers[1].value.deep[0]'],
    ['a symbol', Symbol('s'), 'answers[1].value'],
    ['an instance of a class', { at: new (class Local {})() }, 'answers[1].value.at'],
  ])('%s in them: SERIALIZATION_ERROR that names the path, and the handler waits on', async (_, value, path) => {
    const id = await suspend(TWO_CALLS);
    const error = await rejection(
      resume(id, [
        { callId: 'c1', success: true, value: 1 },
        { callId: 'c2', success: true, value },
      ]),
    );
    expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path } });
    expect(error.message).toContain(path);
    const calls = [1, 2].map((n) => ({ callId: `c${n}`, success: true, value: n }));
    expect((await resume(id, calls)).returnValue).toEqual([1, 2]);
  });

  it('a function in an error: SERIALIZATION_ERROR that names the path', async () => {
    const id = await suspend('await $ext.a.b()');
    const error = Object.assign(new Error('x'), { retry: () => 1 });
    const { context } = await rejection(resume(id, { success: false, error }));
    expect(String(context['path'])).toMatch(/^answers\[0\]\.error/);
  });

  it('larger than maxContextBytes: INVALID_ARGUMENT, and the handler waits on', async () => {
    const begun = await runtime.executeHandler('return (await $ext.a.b()).length', ANYTHING, {
      limits: { maxContextBytes: 2_000 },
    });
    const { suspensionId } = suspensionOf(begun);
    const error = await rejection(resume(suspensionId, answer('x'.repeat(3_000))));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', context: { limit: 'maxContextBytes' } });
    expect((await resume(suspensionId, answer('x'.repeat(1_000)))).returnValue).toBe(1_000);
  });
});

describe('a resume of what is not there', () => {
  it.each([
    '',
    'nothing',
    '../../etc/passwd',
    `${'A'.repeat(22)}.1`,
    `${'A'.repeat(22)}.01`,
  ])('(%j) is SUSPENSION_NOT_FOUND', async (id) => {
    expect((await rejection(resume(id, answer()))).code).toBe('SUSPENSION_NOT_FOUND');
    expect(await runtime.cancelSuspension(id)).toBe(false);
    expect(await runtime.inspectSuspension(id)).toBeUndefined();
  });
});

describe('values as answers', () => {
  it('arrive as they are, shared objects as one', async () => {
    const shared = { n: 1 };
    const value = {
      map: new Map([[1, new Set(['x'])]]),
      date: new Date(7),
      big: 1n << 80n,
      bytes: new Uint8Array([1, 2]),
      twice: [shared, shared],
      nan: Number.NaN,
      gone: undefined,
      lone: '\ud800',
    };
    const id = await suspend(
      'const v = await $ext.a.b(); return [v, v.twice[0] === v.twice[1], v.map.get(1).has("x"), "gone" in v, v.lone.charCodeAt(0)]',
    );
    expect((await resume(id, answer(value))).returnValue).toEqual([value, true, true, true, 0xd800]);
  });

  it('are no way to what others were given', async () => {
    const id = await suspend('const [a, b] = await Promise.all([$ext.a.b(), $ext.a.c()]); a.x = 1; return b');
    const value = {};
    const answers = ['c1', 'c2'].map((callId) => ({ callId, success: true, value }));
    await resume(id, answers);
    expect(value).toEqual({});
  });

  it('values as answers with a "__proto__" or "then" are data', async () => {
    const id = await suspend('const v = await $ext.a.b(); return [Object.keys(v), v.polluted, ({}).polluted]');
    const value = JSON.parse('{"__proto__": {"polluted": 1}, "then": 5}') as unknown;
    expect((await resume(id, answer(value))).returnValue).toEqual([['__proto__', 'then'], undefined, undefined]);
  });
});

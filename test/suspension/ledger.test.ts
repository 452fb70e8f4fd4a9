import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { KeptBounds, KeptSize } from '#src/suspension/room/kept.js';
import { Ledger } from '#src/suspension/room/ledger.js';

const TRAITS = { retainsEnvelopes: false, forgets: true };
const BOUNDS: KeptBounds = {
  suspensions: { total: 6, perTenant: 3 },
  bytes: { total: 1_000, perTenant: 400 },
  outcomeShare: 0.5,
};

const make = (bounds: Partial<KeptBounds> = {}, traits: Partial<typeof TRAITS> = {}) =>
  new Ledger({ ...BOUNDS, ...bounds }, { ...TRAITS, ...traits });

function waits(ledger: Ledger, id: string, tenant: string | undefined, bytes: number, replaces?: string): boolean {
  const isAdmitted = ledger.admit(id, tenant, bytes, replaces) === undefined;
  if (isAdmitted) ledger.confirm(id);
  return isAdmitted;
}

describe('a ledger', () => {
  it.each([
    ['number of a tenant', 'one', 10, 3, { limit: 'maxSuspensions', scope: 'perTenant', value: 3 }],
    ['bytes of a tenant', 'one', 150, 2, { limit: 'maxSuspendedBytes', scope: 'perTenant', value: 400 }],
    ['number of all', undefined, 10, 6, { limit: 'maxSuspensions', scope: 'total', value: 6 }],
    ['bytes of all', undefined, 300, 3, { limit: 'maxSuspendedBytes', scope: 'total', value: 1_000 }],
  ] as const)('refuses one more than the %s, and says which bound it was', (_title, tenant, bytes, fits, refusal) => {
    const ledger = make();
    for (let i = 0; i < fits; i++) expect(waits(ledger, `${i}`, tenant, bytes)).toBe(true);
    expect(ledger.admit('more', tenant, bytes)).toMatchObject({ ...refusal, tenant, usage: { waiting: fits } });
    expect(ledger.usage.waiting).toBe(fits);
  });

  it('takes exactly as many bytes as it may', () => {
    const ledger = make();
    expect(waits(ledger, 'a', 'one', 400)).toBe(true);
    expect(ledger.admit('b', 'one', 1)).toBeDefined();
    expect(ledger.admit('c', 'two', 401)).toBeDefined();
  });

  it('does not let one tenant take the part of another', () => {
    const ledger = make();
    for (const id of ['a', 'b', 'c', 'd']) waits(ledger, id, 'one', 100);
    expect(ledger.usageOf('one')).toMatchObject({ waiting: 3, waitingBytes: 300 });
    expect(waits(ledger, 'e', 'two', 400)).toBe(true);
  });

  it('counts a place that is taken before the store has it, and gives it back', () => {
    const ledger = make({ suspensions: { total: 1, perTenant: 1 } });
    expect(ledger.admit('a', 'one', 10)).toBeUndefined();
    expect(ledger.admit('b', 'two', 10)).toMatchObject({ scope: 'total' });
    ledger.withdraw('a');
    expect(ledger.admit('b', 'two', 10)).toBeUndefined();
  });

  it('gives the place of a generation to the one after it, however full it is', () => {
    const ledger = make({ suspensions: { total: 1, perTenant: 1 } });
    waits(ledger, 'a.1', 'one', 400);
    expect(ledger.admit('a.2', 'one', 401, 'a.1')).toMatchObject({ limit: 'maxSuspendedBytes' });
    expect(waits(ledger, 'a.2', 'one', 390, 'a.1')).toBe(true);
    expect(ledger.usage).toMatchObject({ waiting: 1, waitingBytes: 390 });
    ledger.record('a.1', 10, 0);
    expect(ledger.usage).toEqual({ waiting: 1, waitingBytes: 390, outcomes: 1, outcomeBytes: 10 });
  });

  it('gives the place back to a generation when the one after it was not recorded', () => {
    const ledger = make();
    waits(ledger, 'a.1', 'one', 300);
    ledger.admit('a.2', 'one', 100, 'a.1');
    ledger.withdraw('a.2', 'a.1');
    expect(ledger.usage).toMatchObject({ waiting: 1, waitingBytes: 300 });
  });

  it('lets the oldest outcomes make room for newer ones, those of their own tenant only while it has its part', () => {
    const ledger = make();
    for (const [at, id] of ['a', 'b', 'c', 'd'].entries()) {
      waits(ledger, id, 'one', 10);
      ledger.record(id, 90, at);
    }
    waits(ledger, 'e', 'two', 10);
    ledger.record('e', 90, 0);
    // 200 bytes are the share of outcomes of a tenant.
    expect(ledger.takeSurplus()).toEqual(['a', 'b']);
    expect(ledger.usageOf('one')).toMatchObject({ outcomes: 2, outcomeBytes: 180 });
    expect(ledger.usageOf('two')).toMatchObject({ outcomes: 1 });
  });

  it('lets outcomes make room for handlers that wait, and tells each once', () => {
    const ledger = make();
    waits(ledger, 'a', 'one', 10);
    ledger.record('a', 150, 0);
    expect(waits(ledger, 'b', 'one', 300)).toBe(true);
    expect(ledger.takeSurplus()).toEqual(['a']);
    expect(ledger.takeSurplus()).toEqual([]);
  });

  it('lets no outcome go for a handler that is refused in any case', () => {
    const ledger = make();
    waits(ledger, 'a', 'one', 10);
    ledger.record('a', 150, 0);
    expect(waits(ledger, 'b', 'one', 401)).toBe(false);
    expect(ledger.takeSurplus()).toEqual([]);
  });

  it('keeps a single outcome beyond the share of outcomes, and none for which there is no room at all', () => {
    const ledger = make();
    waits(ledger, 'a', 'one', 10);
    ledger.record('a', 390, 0);
    expect(ledger.takeSurplus()).toEqual([]);
    waits(ledger, 'b', 'two', 10);
    ledger.record('b', 500, 0);
    expect(ledger.takeSurplus()).toEqual(['b']);
  });

  it('counts envelopes of a store that keeps them with their outcomes', () => {
    const ledger = make({ outcomeShare: 1 }, { retainsEnvelopes: true });
    waits(ledger, 'a', 'one', 100);
    ledger.record('a', 20, 0);
    expect(ledger.usage).toMatchObject({ waiting: 0, outcomes: 1, outcomeBytes: 120 });
  });

  it('refuses handlers for outcomes that cannot be forgotten', () => {
    const ledger = make({}, { forgets: false });
    waits(ledger, 'a', 'one', 10);
    ledger.record('a', 300, 0);
    expect(waits(ledger, 'b', 'one', 101)).toBe(false);
    expect(waits(ledger, 'b', 'one', 100)).toBe(true);
    expect(ledger.takeSurplus()).toEqual([]);
  });

  describe('counting a store that others use', () => {
    const size = (id: string, more: Partial<KeptSize> = {}): KeptSize =>
      ({ id, tenant: 'one', isSettled: false, bytes: 100, atMs: 0, version: 0, ...more }) as KeptSize;
    const census = (ledger: Ledger, sizes: readonly KeptSize[], meanwhile = () => {}) => {
      const known = ledger.beginCensus();
      meanwhile();
      ledger.apply(sizes);
      for (const _ of ledger.endCensus());
      return known;
    };

    it('sees what they put, settled and forgot', () => {
      const ledger = make();
      census(ledger, [size('a'), size('b')]);
      expect(ledger.usage).toMatchObject({ waiting: 2, waitingBytes: 200 });
      census(ledger, [size('b', { isSettled: true, bytes: 120, version: 2 })]);
      expect(ledger.usage).toEqual({ waiting: 0, waitingBytes: 0, outcomes: 1, outcomeBytes: 120 });
      census(ledger, []);
      expect(ledger.usage).toEqual({ waiting: 0, waitingBytes: 0, outcomes: 0, outcomeBytes: 0 });
    });

    it('does not ask again for what it knows, and leaves it as it is', () => {
      const ledger = make();
      const known = census(ledger, [size('a', { version: 7 })]);
      expect([known('a'), known('b')]).toEqual([7, undefined]);
      census(ledger, [{ id: 'a', isUnchanged: true }]);
      expect(ledger.usage).toMatchObject({ waiting: 1, waitingBytes: 100 });
    });

    it('believes itself in what it does meanwhile', () => {
      const ledger = make();
      waits(ledger, 'gone', 'one', 10);
      census(ledger, [size('ended')], () => {});
      census(ledger, [size('ended')], () => {
        ledger.record('ended', 5, 0);
        waits(ledger, 'new', 'one', 50);
      });
      expect(ledger.usage).toEqual({ waiting: 1, waitingBytes: 50, outcomes: 1, outcomeBytes: 5 });
    });

    it('leaves places alone that are taken and not acknowledged yet', () => {
      const ledger = make();
      ledger.admit('pending', 'one', 50);
      census(ledger, []);
      census(ledger, []);
      expect(ledger.usage).toMatchObject({ waiting: 1, waitingBytes: 50 });
    });
  });

  it('is never above a bound and never loses count, whatever is done in whichever order', () => {
    const tenants = [undefined, 'one', 'two', 'three'] as const;
    const step = fc.record({
      does: fc.constantFrom('admit', 'admit', 'continue', 'fail', 'record', 'record', 'forget'),
      which: fc.nat(30),
      tenant: fc.constantFrom(...tenants),
      bytes: fc.integer({ min: 1, max: 420 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.boolean(), (steps, retainsEnvelopes) => {
        const ledger = make({}, { retainsEnvelopes });
        const waiting = new Map<string, { tenant: string | undefined; bytes: number }>();
        const outcomes = new Map<string, { tenant: string | undefined; bytes: number }>();
        for (const [at, { does, which, tenant, bytes }] of steps.entries()) {
          const [id, known] = [...waiting][which % Math.max(1, waiting.size)] ?? [];
          const settle = (content: number) => {
            if (id === undefined || known === undefined) return;
            waiting.delete(id);
            outcomes.set(id, { tenant: known.tenant, bytes: content + (retainsEnvelopes ? known.bytes : 0) });
            ledger.record(id, content, at);
          };
          if (does === 'admit' && waits(ledger, `${at}`, tenant, bytes)) waiting.set(`${at}`, { tenant, bytes });
          if (does === 'record') settle(bytes);
          if ((does === 'continue' || does === 'fail') && id !== undefined && known !== undefined) {
            const isAdmitted = ledger.admit(`${at}`, known.tenant, bytes, id) === undefined;
            if (isAdmitted && does === 'fail') ledger.withdraw(`${at}`, id);
            if (isAdmitted && does === 'continue') {
              ledger.confirm(`${at}`);
              settle(10);
              waiting.set(`${at}`, { tenant: known.tenant, bytes });
            }
          }
          if (does === 'forget' && outcomes.size > 0) {
            const [oldest = ''] = outcomes.keys();
            outcomes.delete(oldest);
            ledger.forget(oldest);
          }
          for (const evicted of ledger.takeSurplus()) expect(outcomes.delete(evicted)).toBe(true);
          const sum = (of: Iterable<{ bytes: number }>) => [...of].reduce((total, one) => total + one.bytes, 0);
          expect(ledger.usage).toEqual({
            waiting: waiting.size,
            waitingBytes: sum(waiting.values()),
            outcomes: outcomes.size,
            outcomeBytes: sum(outcomes.values()),
          });
          expect(ledger.usage.waiting).toBeLessThanOrEqual(6);
          expect(ledger.usage.waitingBytes + ledger.usage.outcomeBytes).toBeLessThanOrEqual(1_000);
          for (const name of ['one', 'two', 'three']) {
            const { waiting: of = 0, waitingBytes = 0, outcomeBytes = 0 } = ledger.usageOf(name) ?? {};
            expect(of).toBeLessThanOrEqual(3);
            expect(waitingBytes + outcomeBytes).toBeLessThanOrEqual(400);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

// Tests of a handler on the real engine, with mocks for extensions, a frozen clock and seeded randomness.
import { fileURLToPath } from 'node:url';
import { answers, expectLimits, runHandler, suspendAt } from 'nexus-runtime/testing';
import 'nexus-runtime/testing/vitest';
import { describe, expect, it } from 'vitest';

const handler = fileURLToPath(new URL('handlers/approve-expense.js', import.meta.url));
const state = { policy: { approvedUpTo: 100 } };
const expense = (amount) => ({ expense: { by: 'ada', amount } });
const directory = { find: async () => ({ manager: 'grace' }) };

describe('an expense', () => {
  it('that is small is approved without asking anybody', async () => {
    const result = await runHandler(handler, { state, args: expense(40) });
    expect(result.returnValue).toBe('approved');
    expect(result).toHaveMutated('expense', { by: 'ada', amount: 40, status: 'approved' });
    expect(result).toHaveEmitted('expense.approved');
    expect(result).not.toHaveCalled('approvals.request');
  });

  it.each([
    [true, 'approved'],
    [false, 'declined'],
  ])('that is large goes to the manager, whose answer %s makes it %s', async (approved, status) => {
    const ext = { directory, approvals: { request: answers([{ approved }]) } };
    const result = await runHandler(handler, { state, args: expense(4_000), ext });
    expect(result).toHaveCalled('approvals.request', { to: 'grace', amount: 4_000 });
    expect(result.state.expense.status).toBe(status);
  });

  it('waits for as long as the manager takes, and nothing is emitted meanwhile', async () => {
    const step = await suspendAt(handler, { state, args: expense(4_000), ext: { directory } });
    expect(step.status).toBe('suspended');
    expect(step).not.toHaveEmitted('expense.approved');
    const end = await step.resumeWith({ approved: true });
    expect(end).toHaveEmitted('expense.approved', { by: 'ada', amount: 4_000 });
  });

  it('without an amount is refused, at the line that says so', async () => {
    const { error } = await runHandler(handler, { state, args: expense(0) });
    expect(error.message).toBe('RangeError: An expense has an amount, not 0');
    expect(error.location.line).toBe(5);
  });

  it('is approved with these capabilities, and not without', async () => {
    const capabilities = ['state:read:policy', 'state:write:expense', 'events:emit:expense.*'];
    const may = await runHandler(handler, { state, args: expense(40), capabilities });
    expect(may.status).toBe('success');
    const mayNot = await runHandler(handler, { state, args: expense(40), capabilities: capabilities.slice(0, 2) });
    expect(mayNot).toBeDeniedCapability('events:emit:expense.approved');
  });

  it('costs next to nothing', async () => {
    const result = await runHandler(handler, { state, args: expense(40) });
    expectLimits(result, { maxInstructions: 20_000, maxHostCalls: 2 });
  });
});

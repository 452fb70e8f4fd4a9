import type { SuspensionStore } from '../../api/suspension-store.js';
import { describeClaiming } from './claiming.js';
import { describeClosing } from './closing.js';
import { describeDue } from './due.js';
import { describeErasing } from './erasing.js';
import type { StoreFixture, StoreHarness, TestFramework } from './framework.js';
import { describeImages } from './images.js';
import { describeKeeping } from './keeping.js';
import { describeMailbox } from './mailbox.js';
import { idOf, LEASE, makeSuspension, NOW } from './samples.js';
import { describeContinuing, describeSettling } from './settling.js';
import { describeForgetting, describeListing, describeSweeping } from './sweeping.js';

const SECTIONS = {
  keeping: describeKeeping,
  claiming: describeClaiming,
  settling: describeSettling,
  continuing: describeContinuing,
  listing: describeListing,
  sweeping: describeSweeping,
  forgetting: describeForgetting,
  erasing: describeErasing,
  mailbox: describeMailbox,
  due: describeDue,
  images: describeImages,
  closing: describeClosing,
};

/**
 * Defines the tests of the contract of {@link SuspensionStore}, for a store of your own. The stores of this package pass the same ones.
 *
 * @param title of the group of tests
 * @param makeHarness called for each test; its store is empty
 * @param framework `describe`, `it` and `expect` of vitest, Jest or Bun
 *
 * @example
 * import { describe, expect, it } from 'vitest';
 * import { describeStore } from 'nexus-runtime/testing/store';
 * describeStore('my store', () => new MyHarness(), { describe, expect, it });
 */
export function describeStore(title: string, makeHarness: () => StoreHarness, framework: TestFramework): void {
  const using = (test: (fixture: StoreFixture) => Promise<void>) => async () => {
    const harness = makeHarness();
    try {
      await test(fixtureOf(harness));
    } finally {
      await harness.dispose();
    }
  };
  framework.describe(title, () => {
    for (const [name, section] of Object.entries(SECTIONS)) {
      framework.describe(name, () => section(framework, using));
    }
  });
}

function fixtureOf(harness: StoreHarness): StoreFixture {
  const [store, other] = harness.open(2) as [SuspensionStore, SuspensionStore];
  const id = idOf('a run');
  const claim = async (from = store, nowMs = NOW, lease = LEASE): Promise<number> => {
    const answer = await from.claim(id, lease, nowMs);
    if (answer.kind !== 'claimed') throw new Error(`not claimed: ${answer.kind}`);
    return answer.fence;
  };
  return { harness, store, other, id, suspension: makeSuspension(id), claim };
}

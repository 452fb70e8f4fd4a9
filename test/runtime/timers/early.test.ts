import { beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
  return () => runtime.shutdown();
});

const BUSY = 'const until = Date.now() + 60; while (Date.now() < until);';

describe('no timer is early', () => {
  it('of a handler that was started once more because it reached a feature that it does not name', async () => {
    // The first attempt takes as long as the second, and its time is not the timer's.
    const source = `${BUSY}
      new globalThis['Text' + 'Encoder']();
      const at = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return Date.now() - at;`;
    const { returnValue } = await runtime.run(source, { capabilities: ['timer'] }, {});
    expect(Number(returnValue)).toBeGreaterThanOrEqual(100);
  });

  it('in a later segment', async () => {
    const source = `
      await $sleep(20);
      ${BUSY}
      const at = Date.now();
      await $sleep(50);
      return Date.now() - at;`;
    const { returnValue } = await runtime.run(source, { capabilities: ['timer'] }, {});
    expect(Number(returnValue)).toBeGreaterThanOrEqual(50);
  });
});

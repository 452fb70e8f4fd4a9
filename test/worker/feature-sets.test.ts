import { describe, expect, it } from 'vitest';

import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { ALL_FEATURES, FEATURES, featureSet, isFeatureSet, NO_FEATURES } from '#src/engine/image/features.js';
import { prepareRequest } from '#src/execution/request/build-request.js';
import { wrapHandler } from '#src/source/wrapper.js';
import { createExecutor } from '../support/executor.js';

/** A name of each feature that needs no other. */
const NAMES = FEATURES.map((feature) => {
  const { globals, members = [] } = feature as { globals: readonly string[]; members?: readonly string[] };
  return globals[0] ?? members[0]?.split('.').pop();
}).filter((name) => name !== undefined);

describe('handlers that name ever other sets of features', () => {
  it('share an image with all of them when there are enough', async () => {
    const executor = await createExecutor();
    const sets = 2 ** 6;
    const used = new Set<number | undefined>();
    for (let set = 1; set < sets; set++) {
      const named = NAMES.filter((_, i) => (set & (1 << i)) !== 0);
      const source = `const o = {}; ${named.map((name) => `o.${name} = 1;`).join(' ')} await $ext.a.b(); return ${set}`;
      const compiled = await executor.compileScript(wrapHandler(source), 'handler.js');
      if (!compiled.ok) throw new Error(compiled.problem.message);
      const { request } = prepareRequest({ capabilities: ['ext:*'] }, {}, resolveRuntimeConfig({}));
      const { failure, features } = await executor.execute({ key: source, ...request }, compiled.bytecode);
      expect(failure).toBeUndefined();
      expect(features).toBeDefined();
      used.add(features);
    }
    expect(used.size).toBeLessThanOrEqual(33);
  }, 60_000);

  it('a handler that was suspended on a set of features that is no longer kept has it built again', async () => {
    const executor = await createExecutor();
    const hashes = new Map<number, string>();
    for (let bits = 1; bits < 60; bits++) {
      const set = featureSet(...FEATURES.filter((_, i) => (bits & (1 << i)) !== 0).map(({ name }) => name));
      hashes.set(set, await executor.hashImage(set));
    }
    const again = await createExecutor();
    for (const [set, hash] of [...hashes].reverse()) expect(await again.hashImage(set)).toBe(hash);
    expect(await executor.hashImage(ALL_FEATURES)).toBe(await again.hashImage(ALL_FEATURES));
  }, 120_000);

  it('are told from numbers that are no set', () => {
    const named = (name: string) => featureSet(name);
    for (const set of [NO_FEATURES, ALL_FEATURES, ...FEATURES.map(({ name }) => named(name))]) {
      expect(isFeatureSet(set)).toBe(true);
    }
    const alone = 1 << FEATURES.findIndex(({ name }) => name === 'base64');
    for (const other of [-1, 0.5, ALL_FEATURES + 1, 2 ** 40, Number.NaN, alone]) {
      expect(isFeatureSet(other)).toBe(false);
    }
  });
});

// Ours, through the pool: `run`.
import { createRuntime } from '../../build/index.js';
import { CORES } from '../harness/load.mjs';
import { contextOf, SOURCE } from '../suspension/awaits.mjs';

/** The same values and effects without a call. */
const PLAIN = `
let total = 0;
for (const sku of $args.skus) total += 100 + Number(sku.slice(4));
$state.total = total;
return total;
`;

export async function load(shop) {
  const runtime = await createRuntime({ cacheDir: false, minInstances: CORES, maxInstances: CORES });
  await runtime.warmup([SOURCE, PLAIN]);
  const options = { extensions: { shop } };
  const variant = (source) => (awaits) => {
    const context = contextOf(awaits);
    return () => runtime.run(source, context, options);
  };
  return {
    variants: { run: variant(SOURCE), 'run without awaits': variant(PLAIN) },
    release: () => runtime.shutdown(),
  };
}

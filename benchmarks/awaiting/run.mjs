// `run`: QuickJS in worker threads, with host functions.
import { CORES } from '../harness/load.mjs';
import { encodeContext, plainHandler } from '../peers/glue.mjs';
import { contextOf, SOURCE } from '../suspension/awaits.mjs';

export async function load(shop) {
  const { createRunner, setMaxWorkers } = await import('run');
  setMaxWorkers(CORES);
  const runner = createRunner({});
  const hostFunctions = { shop: { price: shop.price } };
  return {
    variants: {
      'host functions': (awaits) => {
        const input = JSON.stringify(encodeContext(contextOf(awaits)));
        const source = `const $ext = { shop };\nreturn (${plainHandler(SOURCE)})(${input});`;
        return async () => (await runner.run({ source, hostFunctions })).value;
      },
    },
  };
}

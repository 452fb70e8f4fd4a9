// isolated-vm, a new context for each run: the extension is a reference whose answers are awaited.
import { encodeContext, jsonHandler } from '../peers/glue.mjs';
import { loadNewest } from '../peers/isolated-vm.mjs';
import { contextOf, SOURCE } from '../suspension/awaits.mjs';

const MEMORY_LIMIT_MIB = 128;
const EXTENSION = `const $ext = { shop: { price: (sku) => price.apply(undefined, [sku], options) } };
const options = { arguments: { copy: true }, result: { promise: true, copy: true } };`;

export async function load(shop) {
  const ivm = await loadNewest();
  return {
    variants: {
      'new context, async reference': (awaits) => {
        const isolate = new ivm.Isolate({ memoryLimit: MEMORY_LIMIT_MIB });
        const script = isolate.compileScriptSync(`${EXTENSION} (${jsonHandler(SOURCE)})(input);`);
        const price = new ivm.Reference(shop.price);
        const context = contextOf(awaits);
        return async () => {
          const realm = isolate.createContextSync();
          try {
            realm.global.setSync('input', encodeContext(context));
            realm.global.setSync('price', price);
            return JSON.parse(await script.run(realm, { promise: true, copy: true }));
          } finally {
            realm.release();
          }
        };
      },
    },
  };
}

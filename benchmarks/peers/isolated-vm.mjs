// V8's own isolates, from an addon. Their heap is separate from the application's; the same JIT compiles their code.
import { encodeContext, jsonHandler, librariesScript } from './glue.mjs';

/** Each version supports only some versions of Node. A version that does not build on the current one is not installed. */
const INSTALLED_AS = ['isolated-vm-7', 'isolated-vm-6', 'isolated-vm-5'];

const MEMORY_LIMIT_MIB = 32;

/** A statement that leaves the outcome as JSON in `outcome`. Microtasks have run when the script returns. */
const run = (source) => `(${jsonHandler(source)})(input).then((json) => { globalThis.outcome = json; });`;

export async function load() {
  const ivm = await loadNewest();

  function execute(isolate, scripts, context) {
    const realm = isolate.createContextSync();
    try {
      realm.global.setSync('input', encodeContext(context));
      for (const script of scripts) script.runSync(realm);
      return JSON.parse(realm.global.getSync('outcome'));
    } finally {
      realm.release();
    }
  }

  const texts = ({ source, libraries = {} }) => [librariesScript(libraries), run(source)].filter((text) => text !== '');

  return {
    variants: {
      'new context, cached script': (work) => {
        const isolate = new ivm.Isolate({ memoryLimit: MEMORY_LIMIT_MIB * 4 });
        const scripts = texts(work).map((text) => isolate.compileScriptSync(text));
        return {
          run: () => execute(isolate, scripts, work.context),
          release: () => isolate.dispose(),
        };
      },
      // The libraries are in the snapshot from which every context starts.
      'new context of a snapshot': (work) => {
        const snapshot = ivm.Isolate.createSnapshot([{ code: librariesScript(work.libraries ?? {}) }]);
        const isolate = new ivm.Isolate({ memoryLimit: MEMORY_LIMIT_MIB * 4, snapshot });
        const scripts = [isolate.compileScriptSync(run(work.source))];
        return {
          run: () => execute(isolate, scripts, work.context),
          release: () => isolate.dispose(),
        };
      },
      'new isolate, cached code': (work) => {
        const compiler = new ivm.Isolate({ memoryLimit: MEMORY_LIMIT_MIB });
        const cached = texts(work).map((text) => {
          const { cachedData } = compiler.compileScriptSync(text, { produceCachedData: true });
          return [text, cachedData];
        });
        return {
          run() {
            const isolate = new ivm.Isolate({ memoryLimit: MEMORY_LIMIT_MIB });
            try {
              const scripts = cached.map(([text, cachedData]) => isolate.compileScriptSync(text, { cachedData }));
              return execute(isolate, scripts, work.context);
            } finally {
              isolate.dispose();
            }
          },
          release: () => compiler.dispose(),
        };
      },
    },
  };
}

export async function loadNewest() {
  const reasons = [];
  for (const name of INSTALLED_AS) {
    try {
      return (await import(name)).default;
    } catch (error) {
      reasons.push(`${name}: ${error.code ?? error.message}`);
    }
  }
  throw new Error(reasons.join(', '));
}

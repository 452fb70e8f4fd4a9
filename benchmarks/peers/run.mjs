// `run`: QuickJS in worker threads, with a new context for every execution, and continuations by replay.
import { encodeContext, librariesScript, plainHandler } from './glue.mjs';

/** Builds the source from source and values: the context and the library are part of the source. */
const MAX_BYTES = 16 * 1024 * 1024;

export async function load() {
  const { createRunner, setMaxWorkers } = await import('run');
  return {
    createRunner,
    setMaxWorkers,
    variants: {
      'its own worker': ({ source, context, libraries = {} }) => {
        const runner = createRunner({ limits: { maxSourceBytes: MAX_BYTES, maxResultBytes: MAX_BYTES } });
        const handler = `return (${plainHandler(source)})`;
        const prelude = librariesScript(libraries);
        return {
          async run() {
            // JSON text that is quoted once more is a JavaScript string.
            const code = `${prelude}${handler}(${JSON.stringify(encodeContext(context))});`;
            const result = await runner.run({ source: code });
            return result.value;
          },
        };
      },
    },
  };
}

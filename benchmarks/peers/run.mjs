// `run`: QuickJS in worker threads of its own, a new context for every execution, and continuations by replay.
import { encodeContext, librariesScript, plainHandler } from './glue.mjs';

/** Of source and values: the context travels in the source, and a library does. */
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
            // Text that is JSON is a JavaScript string once it is quoted again.
            const code = `${prelude}${handler}(${JSON.stringify(encodeContext(context))});`;
            const result = await runner.run({ source: code });
            return result.value;
          },
        };
      },
    },
  };
}

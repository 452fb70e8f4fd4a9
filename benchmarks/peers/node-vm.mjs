// Node's own contexts, for reference only: they are not a sandbox. Code in one can reach the process.
import { createContext, Script } from 'node:vm';
import { encodeContext, jsonHandler, librariesScript } from './glue.mjs';

export async function load() {
  return {
    variants: {
      'new context, cached script': ({ source, context, libraries = {} }) => {
        const library = librariesScript(libraries);
        const run = `(${jsonHandler(source)})(input).then((json) => { globalThis.outcome = json; });`;
        const scripts = [library, run].filter((text) => text !== '').map((text) => new Script(text));
        return {
          run() {
            const realm = createContext({ input: encodeContext(context) }, { microtaskMode: 'afterEvaluate' });
            for (const script of scripts) script.runInContext(realm);
            return JSON.parse(realm.outcome);
          },
        };
      },
    },
  };
}

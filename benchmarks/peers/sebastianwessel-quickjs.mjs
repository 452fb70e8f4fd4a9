// A sandbox around QuickJS-ng with much of Node: modules, files, timers. Each execution has a new one.
import { encodeContext, jsonHandler, librariesScript } from './glue.mjs';

export async function load() {
  const { loadQuickJs } = await import('@sebastianwessel/quickjs');
  const { default: variant } = await import('@jitl/quickjs-ng-wasmfile-release-sync');
  const { runSandboxed } = await loadQuickJs(variant);
  return {
    variants: {
      'new sandbox': ({ source, context, libraries = {} }) => {
        const code = `${librariesScript(libraries)}export default await (${jsonHandler(source)})(env.input);`;
        return {
          async run() {
            const env = { input: encodeContext(context) };
            const { ok, data, error } = await runSandboxed(({ evalCode }) => evalCode(code), { env });
            if (!ok) throw new Error(error.message);
            return JSON.parse(data);
          },
        };
      },
    },
  };
}

// The QuickJS package that we build on, unchanged: takes source text, with a new context for every execution.
import { encodeContext, jsonHandler, librariesScript } from './glue.mjs';

export async function load() {
  const { getQuickJS } = await import('quickjs-emscripten');
  const quickjs = await getQuickJS();

  /** Runs in a new context of a runtime. */
  function execute(runtime, { library, script, context }) {
    const vm = runtime.newContext();
    try {
      if (library !== '') vm.unwrapResult(vm.evalCode(library)).dispose();
      const input = vm.newString(encodeContext(context));
      vm.setProp(vm.global, 'input', input);
      input.dispose();
      const promise = vm.unwrapResult(vm.evalCode(script));
      vm.unwrapResult(runtime.executePendingJobs());
      const outcome = vm.unwrapResult(vm.getPromiseState(promise));
      const json = vm.getString(outcome);
      outcome.dispose();
      promise.dispose();
      return JSON.parse(json);
    } finally {
      vm.dispose();
    }
  }

  const work = ({ source, context, libraries = {} }) => ({
    library: librariesScript(libraries),
    script: `(${jsonHandler(source)})(input)`,
    context,
  });

  return {
    variants: {
      'new runtime + context': (handler) => {
        const prepared = work(handler);
        return {
          run() {
            const runtime = quickjs.newRuntime();
            try {
              return execute(runtime, prepared);
            } finally {
              runtime.dispose();
            }
          },
        };
      },
      // Shares the runtime's atoms and shapes with earlier executions, so it isolates less.
      'new context': (handler) => {
        const prepared = work(handler);
        const runtime = quickjs.newRuntime();
        return { run: () => execute(runtime, prepared), release: () => runtime.dispose() };
      },
    },
  };
}

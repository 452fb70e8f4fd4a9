/** What takes the place of calls of isolated-vm, by the name of the method or class. */
export const ISOLATED_VM_ADVICE: Readonly<Record<string, string>> = {
  Isolate: 'createRuntime({ memoryLimitBytes }), one for the whole application',
  createContext: 'nothing: each execution has a clean VM',
  createContextSync: 'nothing: each execution has a clean VM',
  compileScript: 'runtime.precompileHandler(code, kit.source), or nothing: compiled scripts are cached',
  compileScriptSync: 'runtime.precompileHandler(code, kit.source), or nothing: compiled scripts are cached',
  eval: 'runtime.run(code, kit.context(values), kit.options) with isolatedVmScript()',
  evalSync: 'await runtime.run(code, kit.context(values), kit.options) with isolatedVmScript(): nothing blocks',
  evalClosure: 'runtime.run(code, kit.context({ $0: … }), kit.options) with isolatedVmScript({ closure: true })',
  evalClosureSync:
    'await runtime.run(code, kit.context({ $0: … }), kit.options) with isolatedVmScript({ closure: true })',
  set: 'isolatedVmScript({ globals: [name] }) and kit.context({ name: value })',
  setSync: 'isolatedVmScript({ globals: [name] }) and kit.context({ name: value })',
  Reference:
    'isolatedVmScript({ references: { name: "extension.method" } }) for a function, { values: [name] } for a value',
  Callback: 'isolatedVmScript({ functions: { name: "extension.method" } })',
  ExternalCopy: 'the value itself: values are copied',
  applySync: 'nothing blocks: the function of a script is an entry point, executeHandler(code, context, { entry })',
  applySyncPromise: 'nothing blocks: await $ext.<extension>.<method>(…) in the script',
  dispose: 'nothing: a VM is cleaned by the next execution; runtime.shutdown() at the end',
  release: 'nothing: no value outlives its execution',
  getHeapStatistics: 'result.metrics.memoryUsedBytes',
  getHeapStatisticsSync: 'result.metrics.memoryUsedBytes',
};

export const NODE_VM =
  'commonJsModule({ require, globals, functions }): the module is called in the VM, and its value is the result';
export const VM_SCRIPT = 'the text itself: compiled scripts are cached by their text';

// Test runners, each with the clock of the test replaced as well: what the package waits for must not stand still with it.
import { nodeTestFile, PRINTED, testFile } from '../programs.mjs';

const VITEST = `import { expect, it, vi } from 'vitest';\nimport 'nexus-runtime/testing/vitest';`;

const vitest = (version, node, before, what) => ({
  name: `vitest ${version}${what}, Node ${node}`,
  run: (lab) => {
    lab.install({ vitest: String(version) }, { node });
    lab.write({ 'it.test.js': testFile('esm', VITEST, before) });
    return passedAs(lab.bin('vitest', ['run', '--no-color'], { node, mayFail: true }));
  },
});

const jest = (mode, node, before, what, config = {}) => ({
  name: `jest 30 ${mode === 'esm' ? 'ESM' : 'CommonJS'}${what}, Node ${node}`,
  run: (lab) => {
    const isEsm = mode === 'esm';
    lab.install(
      { jest: '30' },
      { node, manifest: { type: isEsm ? 'module' : 'commonjs', jest: { transform: {}, ...config } } },
    );
    const header = isEsm ? `import { jest } from '@jest/globals';` : '';
    lab.write({ 'it.test.js': testFile(isEsm ? 'esm' : 'cjs', header, before) });
    const flags = isEsm ? ['--experimental-vm-modules'] : [];
    const args = [...flags, lab.path('node_modules', 'jest', 'bin', 'jest.js'), '--ci'];
    return passedAs(lab.node(args, { node, mayFail: true }));
  },
});

const nodeTest = (format, node, before, what) => ({
  name: `node:test ${format === 'esm' ? 'ESM' : 'CommonJS'}${what}, Node ${node}`,
  run: (lab) => {
    lab.install({}, { node });
    const file = format === 'esm' ? 'it.test.mjs' : 'it.test.cjs';
    lab.write({ [file]: nodeTestFile(format, before) });
    return passedAs(lab.node(['--test', file], { node, mayFail: true }));
  },
});

/** What the runner says of one test that passed becomes what every row prints. */
function passedAs(output) {
  const isPassed = /Tests:? +1 passed|^(#|ℹ) pass 1$/m.test(output);
  return isPassed ? `${PRINTED}\n${output}` : output;
}

export const rows = [
  vitest(4, 20, '', ''),
  vitest(5, 22, '', ''),
  vitest(
    5,
    24,
    'vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "setImmediate", "Date", "performance", "queueMicrotask"] });',
    ' with fake timers',
  ),
  vitest(4, 20, 'vi.useFakeTimers();', ' with fake timers'),
  jest('cjs', 20, '', ''),
  jest('cjs', 24, '', ''),
  jest('esm', 20, '', ''),
  jest('esm', 24, '', ''),
  jest('cjs', 20, 'jest.useFakeTimers();', ' with fake timers'),
  jest('esm', 22, 'jest.useFakeTimers();', ' with fake timers'),
  jest('cjs', 22, '', ' with fake timers in all files', { fakeTimers: { enableGlobally: true } }),
  nodeTest('esm', 20, '', ''),
  nodeTest('cjs', 22, '', ''),
  nodeTest('esm', 24, 'mock.timers.enable();', ' with mock.timers'),
  nodeTest('cjs', 20, 'mock.timers.enable();', ' with mock.timers'),
];

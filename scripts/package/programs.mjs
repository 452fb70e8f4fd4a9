// What every row exercises, as text for the folder of a user: the main job, `run` with an extension, suspending and resuming, a handler in
// TypeScript, and the test kit.

const EXERCISE = `
async function exercise({ createRuntime, runHandler }, options) {
  const runtime = await createRuntime(options);
  const ended = (result) => {
    if (result.status === 'error') throw new Error(JSON.stringify(result.error));
    return result;
  };
  try {
    const main = ended(await runtime.executeHandler(
      '$state.total = $args.a + $args.b; return "sum"',
      { stateSnapshot: {}, args: { a: 2, b: 3 }, capabilities: ['state:read:total', 'state:write:total'] },
    ));
    const run = ended(await runtime.run(
      'return await $ext.greeter.hello($args)',
      { args: 'Ada', capabilities: ['ext:greeter.hello'] },
      { extensions: { greeter: { hello: async (name) => 'Hello, ' + name } } },
    ));
    const waiting = ended(await runtime.executeHandler(
      'return 1 + await $ext.people.ask("age")',
      { capabilities: ['ext:people.ask'] },
    ));
    const resumed = ended(await runtime.resumeHandler(waiting.suspension.suspensionId, { success: true, value: 41 }));
    const typed = ended(await runtime.executeHandler('const n: number = 7; return n as number', {}, { filename: 'typed.ts' }));
    const tested = await runHandler('return await $ext.x.y()', { ext: { x: { y: () => 42 } } });
    return [main.returnValue, main.stateMutations[0].value, run.returnValue, waiting.status]
      .concat([resumed.returnValue, typed.returnValue, tested.returnValue]);
  } finally {
    await runtime.shutdown();
  }
}
`;

/** What {@link EXERCISE} gives everywhere. */
const OUTCOME = ['sum', 5, 'Hello, Ada', 'suspended', 42, 7, 42];
/** What a program prints that did all of it. */
export const PRINTED = `exercised ${JSON.stringify(OUTCOME)}`;

const IMPORTS = {
  esm: `import { createRuntime } from 'nexus-runtime';\nimport { runHandler } from 'nexus-runtime/testing';\n`,
  cjs: `const { createRuntime } = require('nexus-runtime');\nconst { runHandler } = require('nexus-runtime/testing');\n`,
};
const START = `
exercise({ createRuntime, runHandler }, OPTIONS).then(
  (outcome) => console.log('exercised ' + JSON.stringify(outcome)),
  (error) => {
    console.log('failed ' + (error.code ?? error.name) + ': ' + error.message);
    if (error.code === undefined) console.log(error.stack);
    process.exitCode = 1;
  },
);
`;

/**
 * A program that exercises the package and prints {@link PRINTED}, or why not.
 *
 * @param format 'esm' or 'cjs'
 * @param options of `createRuntime`, as JavaScript
 */
export function program(format, options = '{}') {
  return IMPORTS[format] + EXERCISE + START.replace('OPTIONS', options);
}

const EXPECTED = JSON.stringify(OUTCOME);

/** A test file. Its runner has `it` and `expect` as globals, or `header` imports them. */
export function testFile(format, header = '', before = '') {
  return `${header}
${IMPORTS[format]}${EXERCISE}
it('does everything', async () => {
  ${before}
  expect(await exercise({ createRuntime, runHandler }, {})).toEqual(${EXPECTED});
}, 60_000);
`;
}

/** For node:test. */
export function nodeTestFile(format, before = '') {
  const imports = {
    esm: `import { it, mock } from 'node:test';\nimport { deepStrictEqual } from 'node:assert';\n`,
    cjs: `const { it, mock } = require('node:test');\nconst { deepStrictEqual } = require('node:assert');\n`,
  };
  return `${imports[format]}${IMPORTS[format]}${EXERCISE}
it('does everything', { timeout: 60_000 }, async () => {
  ${before}
  deepStrictEqual(await exercise({ createRuntime, runHandler }, {}), ${EXPECTED});
});
`;
}

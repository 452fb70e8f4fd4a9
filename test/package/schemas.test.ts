import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const PROGRAM = `
const { input, output } = { input: { type: 'array', items: { type: 'integer' } }, output: { type: 'string' } };
const extensions = defineExtension({ list: { sum: { input, output, execute: (list) => list.length === 2 ? 'two' : 2 } } });
const code = 'return [await $ext.list.sum($args), await $ext.list.sum(["x"]).catch((e) => e.name), await $ext.list.sum([1]).catch((e) => e.message)]';
const main = async () => {
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  const schemas = { args: input, result: { type: 'array', maxItems: 3 } };
  const { returnValue, error } = await runtime.run(code, { args: [1, 2], capabilities: ['ext:list'] }, { extensions, schemas });
  await runtime.shutdown();
  const tested = await runHandler(code, { args: [1, 2], ext: extensions });
  console.log(JSON.stringify([returnValue, tested.returnValue, error]));
};
main();
`;
const NAMES =
  "{ createRuntime, defineExtension } = require('nexus-runtime'); const { runHandler } = require('nexus-runtime/testing');";
const IMPORTS =
  "import { createRuntime, defineExtension } from 'nexus-runtime'; import { runHandler } from 'nexus-runtime/testing';";
const ANSWERS = ['two', 'ValidationError', 'list.sum answered something that does not match its output schema'];

it.each([
  ['import', ['--input-type=module', '-e', `${IMPORTS}${PROGRAM}`]],
  ['require', ['--input-type=commonjs', '-e', `const ${NAMES}${PROGRAM}`]],
  [
    'no code from strings',
    ['--disallow-code-generation-from-strings', '--input-type=module', '-e', `${IMPORTS}${PROGRAM}`],
  ],
])('JSON Schemas are checked in the published package: %s', { timeout: 60_000 }, async (_, args) => {
  const { stdout } = await run(process.execPath, args, { cwd: root });
  expect(JSON.parse(stdout)).toEqual([ANSWERS, ANSWERS, null]);
});

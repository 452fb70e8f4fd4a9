// Nodes, and how the package is loaded there.
import { PRINTED, program } from '../programs.mjs';

const NODES = ['20.19', 20, 22, 24, 26];

const row = (node, format) => ({
  name: `${format === 'esm' ? 'import' : 'require'}, Node ${node}`,
  isShort: node === 20,
  run: (lab) => {
    lab.install({}, { node });
    const file = format === 'esm' ? 'main.mjs' : 'main.cjs';
    lab.write({ [file]: program(format) });
    return lab.node([file], { node });
  },
});

/** Two copies of the package in one process, both at work on one cache. Their errors are told apart by nothing but their codes. */
const TWO_COPIES = `
import * as one from 'nexus-one';
import * as other from 'nexus-other';
const options = { cacheDir: '.nexus-cache', suspensionDir: 'suspended', suspensionSecret: 'a secret of at least 16 bytes' };
const runtimes = await Promise.all([one, other].map(({ createRuntime }) => createRuntime(options)));
const results = await Promise.all(runtimes.flatMap((runtime) => [1, 2, 3].map((n) => runtime.executeHandler('return $args * 2', { args: n }))));
const [first, second] = runtimes;
const waiting = await first.executeHandler('return await $ext.a.b()', { capabilities: ['ext:a.b'] });
const resumed = await second.resumeHandler(waiting.suspension.suspensionId, { success: true, value: 7 });
const error = await second.executeHandler(1).catch((thrown) => thrown);
await first.shutdown();
const after = await second.executeHandler('return 5');
await second.shutdown();
const seen = JSON.stringify([results.map(({ returnValue }) => returnValue), resumed.returnValue, after.returnValue, error.code]);
const classes = [error instanceof other.NexusError, error instanceof one.NexusError].join();
console.log(seen + classes === '[[2,4,6,2,4,6],7,5,"INVALID_ARGUMENT"]true,false' ? PRINTED : seen + classes);
`;

export const rows = [
  ...NODES.flatMap((node) => [row(node, 'esm'), row(node, 'cjs')]),
  {
    name: 'two copies in one process',
    run: (lab) => {
      const copy = `file:${lab.tarball}`;
      lab.install({ 'nexus-one': copy, 'nexus-other': copy });
      lab.write({ 'main.mjs': TWO_COPIES.replace('PRINTED', `'${PRINTED}'`) });
      return lab.node(['main.mjs']);
    },
  },
  {
    name: 'import, Node 18',
    refusal: /needs Node.js 20.19 or newer, this is 18/,
    run: (lab) => {
      lab.install({});
      lab.write({ 'main.mjs': program('esm') });
      return lab.node(['main.mjs'], { node: 18, mayFail: true });
    },
  },
];

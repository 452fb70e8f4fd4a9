// How much memory do an idle VM, a suspended handler and a cached handler take? Each is measured in a separate process, with
// so many of them that the rest of the RSS does not matter.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printData } from '../harness/table.mjs';
import { PEER_PACKAGES } from '../peers/index.mjs';

const PROGRAM = fileURLToPath(new URL('../programs/footprint.mjs', import.meta.url));

const TABLES = [
  {
    id: 'idle',
    title: 'an idle VM',
    kinds: {
      'nexus-runtime: VM': 20,
      'nexus-runtime: worker with its VM': 8,
      'run: worker': 8,
      'quickjs-emscripten: runtime + context': 200,
      'quickjs-wasi: instance': 50,
      'isolated-vm: isolate with its context': 20,
      'isolated-vm: context of a shared isolate': 100,
      'node:vm, no sandbox: context': 100,
    },
  },
  {
    id: 'suspended',
    title: 'a handler that waits',
    kinds: { 'nexus-runtime: suspended handler, in memory': 10_000, 'quickjs-wasi: suspended, as a snapshot': 200 },
  },
  {
    id: 'cached',
    title: 'a handler that is ready to run',
    kinds: { 'nexus-runtime: cached handler': 10_000, 'isolated-vm: cached script': 10_000 },
  },
];

function measure(subject, wanted) {
  const count = isShort ? Math.max(4, Math.ceil(wanted / 20)) : wanted;
  const args = ['--expose-gc', PROGRAM, subject, String(count)];
  try {
    const { rssBytes, ownBytes } = JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' }),
    );
    return { subject, count, rssBytes, ownBytes };
  } catch (error) {
    if (subject.startsWith('nexus-runtime')) throw error;
    return { subject, unavailable: /\n(?<message>\w*Error.*)/.exec(error.stderr)?.groups.message ?? error.message };
  }
}

printMachine(PEER_PACKAGES);
for (const { id, title, kinds } of TABLES) {
  printData({
    id,
    columns: [
      ['subject', title, 'text'],
      ['rssBytes', 'RSS, each', 'bytes'],
      ['ownBytes', 'of which data, as it says itself', 'bytes'],
      ['count', 'measured over', 'count'],
    ],
    rows: Object.entries(kinds).map(([subject, count]) => measure(subject, count)),
  });
  console.log();
}

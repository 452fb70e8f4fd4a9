// Nodes, and how the package is loaded there.
import { program } from '../programs.mjs';

const NODES = ['20.19', 20, 22, 24, 26];

const row = (node, format) => ({
  name: `${format === 'esm' ? 'import' : 'require'}, Node ${node}`,
  run: (lab) => {
    lab.install({}, { node });
    const file = format === 'esm' ? 'main.mjs' : 'main.cjs';
    lab.write({ [file]: program(format) });
    return lab.node([file], { node });
  },
});

export const rows = NODES.flatMap((node) => [row(node, 'esm'), row(node, 'cjs')]);

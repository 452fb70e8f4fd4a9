import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { usageError } from '../parse-command-line.js';
import { nameOf, readHandlerFile } from '../support/read-file.js';

export const infer: Command = {
  name: 'infer',
  summary: 'Lists the capabilities that a handler needs at most, with the places in its text that need them.',
  usage: 'FILE',
  arguments: { min: 1, max: 1 },
  options: {},
  examples: [
    ['nexus infer handler.js', 'what it needs, and why'],
    ['nexus infer handler.ts --json', 'for programs'],
  ],
  run: async ({ positionals, terminal }) => {
    const [path = ''] = positionals;
    const handler = await readHandlerFile(path);
    if (handler.source === undefined)
      throw usageError(infer, `${path} is an artifact; infer reads sources. nexus inspect describes it.`);
    const { explainCapabilities } = await import('../../index.js');
    const capabilities = explainCapabilities(handler.source, { filename: handler.filename });
    terminal.json({ file: nameOf(path), capabilities });
    if (capabilities.length === 0) terminal.out('It needs no capabilities.');
    for (const { capability, reasons } of capabilities) {
      terminal.out(terminal.style('bold', capability));
      for (const { line, column, file = nameOf(path), reason } of reasons) {
        terminal.out(`  ${terminal.style('dim', `${file}:${line}:${column}`)} ${reason}`);
      }
    }
    return EXIT.ok;
  },
};

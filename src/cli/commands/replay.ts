import { toJson } from '../../execution/result/to-json.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { usageError } from '../parse-command-line.js';
import { readBytes, readHandlerFile } from '../support/read-file.js';
import { printable } from '../terminal.js';

const MAX_BYTES = 1024 * 1024;

export const replay: Command = {
  name: 'replay',
  summary: 'Executes a recording again, with its answers, time and randomness, and reports what differs.',
  usage: 'FILE [--code FILE]',
  arguments: { min: 1, max: 1 },
  options: { code: { type: 'string', value: 'FILE', doc: 'the handler as it is now; default: the recorded one' } },
  examples: [
    ['nexus replay handler.nxrec', 'does it still do the same?'],
    ['nexus replay handler.nxrec --code handler.js', 'with the handler as it is now'],
  ],
  run: async ({ options, positionals, terminal }) => {
    const [path = ''] = positionals;
    await readBytes(path);
    const code = options.text('code');
    const handler = code === undefined ? undefined : await readHandlerFile(code);
    if (handler !== undefined && handler.source === undefined)
      throw usageError(replay, `${code} is an artifact; --code takes a source.`);
    const { replay: replayFile } = await import('../../testing/index.js');
    const found = await replayFile(path, handler?.source === undefined ? {} : { code: handler.source });
    const { same, differences, notes, recorded, replayed } = found;
    terminal.json({ same, differences, notes, recorded, replayed });
    terminal.out(printable(found.report).trimEnd());
    if (same) terminal.out(`returns ${printable(toJson(replayed.returnValue, { maxBytes: MAX_BYTES }))}`);
    return same ? EXIT.ok : EXIT.guest;
  },
};

#!/usr/bin/env node
import { COMMANDS, loadCommand } from './command-table.js';
import { Configuration } from './configuration.js';
import { EXIT } from './exit-codes.js';
import { reportFailure } from './failure.js';
import { parseCommandLine } from './parse-command-line.js';
import { Terminal } from './terminal.js';
import { packageVersion } from './version.js';

process.exit(await main(process.argv.slice(2)));

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  // Who reads the output has gone: there is nothing to tell anyone.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? EXIT.ok : EXIT.host));
  }
  const terminal = new Terminal(args.includes('--json'), process.env);
  try {
    return await call(args, terminal);
  } catch (error) {
    return reportFailure(error, terminal, args.includes('--debug'));
  } finally {
    await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  }
}

async function call(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v') return print(terminal, packageVersion(), { version: packageVersion() });
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const [about] = rest;
    if (name === 'help' && about !== undefined) return call([about, '--help'], terminal);
    const { helpOfAll } = await import('./help.js');
    print(terminal, helpOfAll(styles(terminal)), { commands: Object.keys(COMMANDS) });
    return name === undefined ? EXIT.caller : EXIT.ok;
  }
  const command = await loadCommand(name);
  const { options, positionals, runtime } = parseCommandLine(command, rest);
  if (options.flag('help')) {
    const { helpOf } = await import('./help.js');
    return print(terminal, helpOf(command, styles(terminal)), {
      command: command.name,
      options: Object.keys(command.options),
    });
  }
  const configuration = new Configuration(options.text('config'), runtime);
  return command.run({ options, positionals, terminal, configuration });
}

function print(terminal: Terminal, text: string, json: unknown): number {
  terminal.out(text);
  terminal.json(json);
  return EXIT.ok;
}

function styles(terminal: Terminal): Pick<Terminal, 'style'> {
  return { style: (style, text) => terminal.style(style, text) };
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

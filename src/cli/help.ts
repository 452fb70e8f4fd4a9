import { OPTION_TABLE } from '../config/option-table.js';
import type { Command, OptionSpecs } from './command.js';
import { COMMANDS } from './command-table.js';
import { COMMON_OPTIONS, runtimeFlagsOf } from './parse-command-line.js';
import type { Terminal } from './terminal.js';

/** The help of `nexus` itself. */
export function helpOfAll({ style }: Pick<Terminal, 'style'>): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`);
  return [
    'Runs untrusted JavaScript handlers.',
    '',
    `${style('bold', 'Usage')}  nexus COMMAND [options]`,
    '',
    style('bold', 'Commands'),
    ...rows,
    '',
    style('bold', 'Examples'),
    "  nexus run handler.js --args '{ \"by\": 2 }' --allow 'state:*'",
    "  nexus build 'handlers/**/*.ts' --out-dir out",
    '  nexus serve',
    '',
    'nexus COMMAND --help tells more; nexus --version prints the version. Exit codes: 0 success, 1 a fault of the handler,',
    '2 of the call, 3 of the machine, 130 Ctrl-C.',
  ].join('\n');
}

/** The help of a command, with its options and examples. */
export function helpOf(command: Command, { style }: Pick<Terminal, 'style'>): string {
  const flags = runtimeFlagsOf(command);
  const runtime = [...flags].filter(([flag]) => !(flag in command.options));
  return [
    command.summary,
    '',
    `${style('bold', 'Usage')}  nexus ${command.name} ${command.usage}`,
    '',
    style('bold', 'Options'),
    ...describeOptions({ ...command.options, ...COMMON_OPTIONS }),
    ...(runtime.length === 0 ? [] : ['', style('bold', 'Options of the runtime'), ...runtime.map(describeFlag)]),
    '',
    style('bold', 'Examples'),
    ...command.examples.flatMap(([call, purpose]) => [`  ${style('dim', `# ${purpose}`)}`, `  ${call}`]),
  ].join('\n');
}

function describeOptions(specs: OptionSpecs): string[] {
  return Object.entries(specs).map(([name, { short, value, doc, multiple }]) => {
    const flag = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    return line(flag, `${doc}${multiple ? ' (several: repeat it, or commas)' : ''}`);
  });
}

function describeFlag([flag, name]: readonly [string, string]): string {
  const { doc } = OPTION_TABLE[name as keyof typeof OPTION_TABLE];
  return line(`--${flag} VALUE`, doc);
}

function line(flag: string, doc: string): string {
  const column = 34;
  return `  ${flag.padEnd(column)}${flag.length >= column ? `\n  ${' '.repeat(column)}` : ''}${doc.replaceAll('`', '')}`;
}

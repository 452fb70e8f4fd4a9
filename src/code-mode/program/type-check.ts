import { readForm } from '../../source/forms/read-form.js';
import { blankWrapper, wrapHandler } from '../../source/wrapper.js';
import { checkProgram } from '../../typescript/check-program.js';
import type { PreviewProblem } from './preview.js';
import { readProgram } from './read-program.js';

/** What programs have beside tools. What they do with it is not checked. */
const GLOBALS = [
  ...[
    'console',
    'session',
    '$args',
    '$state',
    '$sleep',
    '$log',
    'fetch',
    'Headers',
    'Request',
    'Response',
    'URL',
    'URLSearchParams',
  ],
  ...[
    'setTimeout',
    'setInterval',
    'clearTimeout',
    'clearInterval',
    'structuredClone',
    'queueMicrotask',
    'performance',
    'crypto',
  ],
  ...['TextEncoder', 'TextDecoder', 'atob', 'btoa', 'AbortController', 'AbortSignal', 'DOMException', 'input'],
].map((name) => `declare const ${name}: any;`);
/** Of what no schema says anything, programs may assume everything. */
const UNTYPED = /\bunknown\b(?=[>;,)\]}&| [])/g;

/**
 * Faults of types in a program that compiles.
 *
 * @param declarations of `tools`
 * @throws NexusError INVALID_CONFIG if TypeScript is not installed
 */
export async function checkTypes(code: string, declarations: string): Promise<PreviewProblem[]> {
  const { source, filename } = readProgram(code);
  const form = readForm(source, filename);
  const script = form.kind === 'rewritten' && form.of === 'module' ? blankWrapper(source) : wrapHandler(source);
  const declared = [declarations.replaceAll(UNTYPED, 'any'), ...GLOBALS].join('\n');
  return checkProgram(script, source, filename, declared);
}

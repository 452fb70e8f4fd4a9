// Programs of the whole language beside Node: what a handler computes is what V8 computes, but for what the table of differences names.
import { openColumn } from '../../conformance/columns/built-columns.mjs';
import { LanguageGrammar, PREAMBLE } from '../lib/language-grammar.mjs';
import { withoutLines } from '../lib/shrink.mjs';

export const cases = 100_000;
export const short = 150;

const TIMEOUT_MS = 3_000;
/** A place is described by so much of the log. */
const SHOWN = 300;
/** What the table of differences says of generated programs: they differ, and it is no fault. */
const ACCEPTED = [
  // Refused with a remedy, where the engine would give a wrong value: see the table.
  ({ product }) => product.kind === 'syntax' && /seen by the default value|declared again/.test(product.message),
];

/** The newest language features in the grammar: a Node without them cannot be compared. */
const NEWEST = 'return [1].values().take(1).toArray().length';
const USES_NEWEST = /\.values\(\)\.(?:map|filter|take|drop|flatMap)\(/;

/** A case is a source. */
export function generate(random) {
  return new LanguageGrammar(random).program();
}

export async function open() {
  const [product, unmodified, node] = await Promise.all(
    ['product', 'unmodified', 'node'].map((name) => openColumn(name)),
  );
  const { kind } = await node.run(NEWEST);
  return { product, unmodified, node, isNewest: kind === 'value' };
}

export async function close(columns) {
  const { product, unmodified, node } = columns;
  await Promise.all([product, unmodified, node].map((column) => column.close()));
}

export async function run(source, columns) {
  if (!columns.isNewest && USES_NEWEST.test(source.replace(PREAMBLE, ''))) return undefined;
  const [product, unmodified, node] = await Promise.all(
    [columns.product, columns.unmodified, columns.node].map((column) => column.run(source, { timeoutMs: TIMEOUT_MS })),
  );
  // What runs out of time, memory or stack does so elsewhere at another place.
  if (product.kind === 'limit' || node.kind === 'limit') return undefined;
  const ours = textOf(product);
  const theirs = withoutClosing(textOf(node), ours, source);
  if (ours === theirs || ACCEPTED.some((accepts) => accepts({ product, node }))) return undefined;
  const at = firstDifference(ours, theirs);
  const who = textOf(unmodified) === ours ? 'as the unmodified engine' : 'unlike the unmodified engine';
  const message = `handler (${who}): …${ours.slice(at, at + SHOWN)}\n${columns.node.title}: …${theirs.slice(at, at + SHOWN)}`;
  return { kind: 'differs', message, group: placeOf(theirs, at) };
}

/** V8 closes a synchronous iterator whose `next` throws, where it is iterated over asynchronously: see the table. */
function withoutClosing(theirs, ours, source) {
  let text = theirs;
  for (const [, name] of source.matchAll(/iter\('(\w+)', [^)]*fails:/g)) {
    if (!ours.includes(`${name}return=`))
      text = text.replaceAll(` ${name}return=undefined`, '').replace(`${name}return=undefined `, '');
  }
  return text;
}

function textOf({ kind, name, value }) {
  return kind === 'value' ? String(value) : kind === 'syntax' ? 'syntax error' : `${kind} ${name ?? ''}`;
}

/** The begin of the first note that differs. */
function firstDifference(ours, theirs) {
  let at = 0;
  while (at < ours.length && ours[at] === theirs[at]) at++;
  return ours.lastIndexOf(' ', at) + 1;
}

/** Which sort of statement made the note. */
function placeOf(text, at) {
  return /^[a-zA-Z]*/.exec(text.slice(at))[0];
}

/** Of the program's own lines. */
export function* smaller(source) {
  const [head, body = ''] = source.split(`${PREAMBLE}\n`);
  for (const less of withoutLines(body)) yield `${head}${PREAMBLE}\n${less}`;
}

export function describe(source) {
  return source.replace(PREAMBLE, '// (the preamble)');
}

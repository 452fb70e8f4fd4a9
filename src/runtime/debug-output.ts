import { subscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';

import { DEBUG_TOPICS, type DebugStep, type DebugTopic } from '../support/debug.js';
import { performance } from '../support/timers.js';

const ALL = '*';
/** Of what is printed of one fact: names are chosen by applications. */
const MAX_FACT_LENGTH = 120;

const printed = new Set<DebugTopic>();
let lastAt = 0;

/**
 * Prints steps to stderr, of the topics that are named in `NEXUS_DEBUG`: `pool,cache`, or `*` for all. Does nothing if it is not set.
 *
 * @param named the value of the variable
 */
export function printDebugSteps(named = process.env['NEXUS_DEBUG']): void {
  if (named === undefined || named === '') return;
  const names = named.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => name !== ALL && name !== '' && !isTopic(name));
  if (unknown.length > 0) {
    print(`nexus: NEXUS_DEBUG names ${unknown.join(', ')}; there are: ${DEBUG_TOPICS.join(', ')}, and * for all`);
  }
  for (const topic of names.includes(ALL) ? DEBUG_TOPICS : names.filter(isTopic)) {
    // There may be several runtimes.
    if (printed.has(topic)) continue;
    printed.add(topic);
    subscribe(`nexus:${topic}`, (step) => print(formatStep(topic, step as DebugStep)));
  }
}

function isTopic(name: string): name is DebugTopic {
  return (DEBUG_TOPICS as readonly string[]).includes(name);
}

/** `nexus:pool +12ms sent worker=1 requests=4` */
function formatStep(topic: DebugTopic, { step, ...facts }: DebugStep): string {
  const now = performance.now();
  const sinceMs = lastAt === 0 ? 0 : now - lastAt;
  lastAt = now;
  const told = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${formatFact(value)}`);
  return `nexus:${topic} +${sinceMs.toFixed(1)}ms ${step}${told.join('')}`;
}

function formatFact(value: unknown): string {
  // A line end or a control sequence in a name would be shown as such.
  const text =
    typeof value === 'string' && /^[\w.:/*-]+$/.test(value)
      ? value
      : inspect(value, { breakLength: Number.POSITIVE_INFINITY });
  return text.length > MAX_FACT_LENGTH ? `${text.slice(0, MAX_FACT_LENGTH)}…` : text;
}

function print(line: string): void {
  process.stderr.write(`${line}\n`);
}

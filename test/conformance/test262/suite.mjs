// Reads a checkout of test262: which tests there are, and which of them can be the body of a function.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const SKIPPED_FLAGS = new Set(['module', 'raw', 'CanBlockIsFalse', 'CanBlockIsTrue']);

/** What a handler does not have by design: other realms, agents, modules, text that becomes code. */
const NOT_FOR_HANDLERS = new Set(
  `Atomics Atomics.pause Atomics.waitAsync SharedArrayBuffer IsHTMLDDA host-gc-required cross-realm ShadowRealm dynamic-import
   import.meta import-attributes import-text import-bytes import-defer export-defer json-modules source-phase-imports
   source-phase-imports-module-source top-level-await hashbang tail-call-optimization caller Intl.Era-monthcode`.split(
    /\s+/,
  ),
);

/** Not in ECMAScript 2026. */
const PROPOSALS = new Set(
  `Temporal decorators immutable-arraybuffer nonextensible-applies-to-private await-dictionary iterator-chunking iterator-includes
   Iterator.prototype.join joint-iteration error-stack-accessor legacy-regexp canonical-tz`.split(/\s+/),
);

/** Newer than ECMAScript 2024. */
export const NEWER_THAN_2024 = new Set(
  `explicit-resource-management Array.fromAsync uint8array-base64 json-parse-with-source iterator-helpers set-methods promise-try
   RegExp.escape regexp-modifiers regexp-duplicate-named-groups Float16Array Math.sumPrecise iterator-sequencing upsert
   Error.isError`.split(/\s+/),
);

const NEEDS_REALMS = new Set(['wellKnownIntrinsicObjects.js', 'atomicsHelper.js', 'testAtomics.js']);
const USES_TEXT =
  /\beval\b|\bFunction\s*\(|\bnew\s+Function\b|GeneratorFunction\s*\(|AsyncFunction\s*\(|\bFunction\.(?:apply|call\()|\$262\.(?:evalScript|createRealm|agent|IsHTMLDDA|AbstractModuleSource)|\bimport\s*\(|import\.(?:defer|source|meta)|hidden-constructors/;
/** Loops over all code points: in an interpreter they take a second each, so one in four is run, in one mode. */
const PROPERTY_ESCAPES = /property-escapes\/generated/;
const PROPERTY_ESCAPES_STEP = 4;

/**
 * Every run: a test in one of its modes.
 *
 * @param options `roots` are folders below `test`, `filter` an expression that paths match
 * @returns `{ test, mode }`, or `{ test, skip }` with the reason
 */
export function* runsOf(suite, { roots, filter }) {
  let escapes = 0;
  for (const root of roots) {
    for (const path of filesBelow(join(suite, 'test', root))) {
      const name = relative(join(suite, 'test'), path);
      if (filter !== undefined && !filter.test(name)) continue;
      const test = loadTest(path, name);
      const skip = reasonToSkip(test);
      if (skip !== undefined) yield { test, skip };
      else if (PROPERTY_ESCAPES.test(name)) {
        if (escapes++ % PROPERTY_ESCAPES_STEP === 0) yield { test, mode: 'sloppy' };
      } else {
        if (!test.flags.includes('onlyStrict')) yield { test, mode: 'sloppy' };
        if (!test.flags.includes('noStrict')) yield { test, mode: 'strict' };
      }
    }
  }
}

function* filesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.name.endsWith('.js') && !entry.name.includes('_FIXTURE')) yield path;
  }
}

function loadTest(path, name) {
  const source = readFileSync(path, 'utf8');
  const [, front = ''] = /\/\*---\r?\n([\s\S]*?)---\*\//.exec(source) ?? [];
  const negative = /^negative:/m.test(front)
    ? { phase: /phase:\s*(\w+)/.exec(front)?.[1], type: /type:\s*(\w+)/.exec(front)?.[1] }
    : undefined;
  return {
    path: name,
    source,
    flags: listIn(front, 'flags'),
    features: listIn(front, 'features'),
    includes: listIn(front, 'includes'),
    negative,
  };
}

/** A list in the front matter, in brackets or a line for each item. */
function listIn(front, key) {
  const [, inline] = new RegExp(`^${key}:\\s*\\[([^\\]]*)\\]`, 'm').exec(front) ?? [];
  if (inline !== undefined)
    return inline
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  const [, block = ''] = new RegExp(`^${key}:\\s*\\r?\\n((?:\\s+-\\s+.*\\r?\\n?)+)`, 'm').exec(front) ?? [];
  return [...block.matchAll(/-\s+(\S+)/g)].map(([, item]) => item);
}

function reasonToSkip({ flags, features, includes, negative, source }) {
  const flag = flags.find((name) => SKIPPED_FLAGS.has(name));
  if (flag !== undefined) return `flag ${flag}`;
  const feature = features.find((name) => NOT_FOR_HANDLERS.has(name) || PROPOSALS.has(name));
  if (feature !== undefined) return `feature ${feature}`;
  if (negative?.phase === 'resolution') return 'module';
  if (includes.some((name) => NEEDS_REALMS.has(name))) return 'realms';
  return USES_TEXT.test(withoutComments(source)) ? 'text that becomes code, or realms' : undefined;
}

function withoutComments(source) {
  return source.replace(/\/\*[\s\S]*?\*\/|(^|[^:'"`\\])\/\/.*$/gm, '$1');
}

import type { CapabilityToken } from '../api/capability.js';

/** What the functions of a library may need when a handler calls them, by the name of the library. */
export type LibraryNeeds = Readonly<Record<string, readonly CapabilityToken[]>>;

/** A place in a library's text that needs capabilities. */
export interface LibraryNeed {
  readonly index: number;
  readonly tokens: readonly CapabilityToken[];
}

const GLOBAL = /(?<![\w$])\$(?:ext|emit|view|state)(?![\w$])/g;
const EXTENSION = /^\$ext\s*(?:\?\.|\.)\s*([\w$]+)(?:\s*(?:\?\.|\.)\s*([\w$]+))?/;
const EVENT = /^\$emit\s*\(\s*(["'])([^"'\\\n]+)\1\s*[,)]/;
const VIEW = /^\$view\s*\.\s*[\w$]+\s*\(\s*(["'])([^"'\\\n]+)\1\s*[,)]/;
const STATE = /^\$state\s*\.\s*([\w$]+)/;
/** Methods of `$state`, whose key is not read here. */
const STATE_METHODS = new Set(['get', 'set', 'has', 'delete', 'keys']);
/** More of a text than an expression with names takes. */
const LOOK_AHEAD = 500;
/** The names of an extension and a method. A `*` would be a pattern. */
const MAX_PLACES = 10_000;

/**
 * The places in a library's text that name a global with effects. The text is not parsed: a comment counts, too. A name that is put
 * together when the library runs is not found.
 */
export function needsOf(text: string): LibraryNeed[] {
  const needs: LibraryNeed[] = [];
  for (const { index, 0: name } of text.matchAll(GLOBAL)) {
    const found = tokensAt(text.slice(index, index + LOOK_AHEAD), name);
    needs.push({ index, tokens: found });
    if (needs.length >= MAX_PLACES) return [...needs, { index, tokens: EVERYTHING }];
  }
  return needs;
}

const EVERYTHING: readonly CapabilityToken[] = [
  'state:read:*',
  'state:write:*',
  'events:emit:*',
  'view:update:*',
  'ext:*',
];

function tokensAt(text: string, name: string): readonly CapabilityToken[] {
  if (name === '$ext') {
    const [, extension, method] = EXTENSION.exec(text) ?? [];
    if (extension === undefined) return ['ext:*'];
    return [`ext:${extension}.${method ?? '*'}`];
  }
  if (name === '$emit') return [`events:emit:${literal(EVENT.exec(text)?.[2])}`];
  if (name === '$view') return [`view:update:${literal(VIEW.exec(text)?.[2])}`];
  const key = STATE.exec(text)?.[1];
  const pattern = key === undefined || STATE_METHODS.has(key) ? '*' : key;
  return [`state:read:${pattern}`, `state:write:${pattern}`];
}

/** A name with a star would cover others. */
function literal(name: string | undefined): string {
  return name === undefined || name.includes('*') ? '*' : name;
}

import type { StandardIssue } from '../api/schema.js';

/** A fault that a schema found: where, and what is expected there. */
export interface SchemaIssue {
  /** As it is written in JavaScript, from the name of the value: `args.items[0].price`. */
  readonly path: string;
  readonly message: string;
}

/** A result of a handler chooses how many faults there are, and how long the keys on the way to them. */
const MAX_ISSUES = 20;
const MAX_MESSAGE = 300;
const MAX_PATH = 200;
const MAX_KEY = 60;

/**
 * The issues of a library in our form: the first 20, with bounded texts.
 *
 * @param root the name of the value
 */
export function describeIssues(found: readonly StandardIssue[], root: string): SchemaIssue[] {
  const issues: SchemaIssue[] = [];
  for (const issue of found) {
    if (issues.length === MAX_ISSUES) break;
    const path = Array.from(issue.path ?? [], (step) => (typeof step === 'object' ? step.key : step));
    const message = cut(String(issue.message), MAX_MESSAGE);
    const unknown = unknownKeys(issue);
    if (unknown.length === 0) issues.push({ path: pathOf(root, path), message });
    // zod tells of all unknown keys at their object; the others of each at its place.
    for (const key of unknown.slice(0, MAX_ISSUES - issues.length)) {
      issues.push({ path: pathOf(root, [...path, key]), message: 'is no known key' });
    }
  }
  return issues;
}

function unknownKeys(issue: StandardIssue): readonly string[] {
  const { code, keys } = issue as { readonly code?: unknown; readonly keys?: unknown };
  return code === 'unrecognized_keys' && Array.isArray(keys) ? keys.map(String) : [];
}

/** The issues as the text of a message: `args.url: Invalid URL; args.n: …`. */
export function renderIssues(issues: readonly SchemaIssue[]): string {
  const shown = issues.slice(0, 3).map(({ path, message }) => `${path}: ${message}`);
  const more = issues.length > shown.length ? [`and ${issues.length - shown.length} more`] : [];
  return [...shown, ...more].join('; ');
}

function pathOf(root: string, path: readonly PropertyKey[]): string {
  let text = root;
  for (const key of path) {
    if (text.length > MAX_PATH) return `${text}…`;
    text += step(key);
  }
  return text;
}

function step(key: PropertyKey): string {
  if (typeof key === 'number') return `[${key}]`;
  const name = cut(String(key), MAX_KEY);
  if (/^(0|[1-9]\d*)$/.test(name)) return `[${name}]`;
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

import { readFile } from 'node:fs/promises';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createRuntime } from '#src/index.js';

const FILE = new URL('../../src/handler/web.d.ts', import.meta.url);

/** Expressions for all that the file declares: globals, their members, and those of instances. */
async function declared(): Promise<string[]> {
  const file = ts.createSourceFile('web.d.ts', await readFile(FILE, 'utf8'), ts.ScriptTarget.ES2023, true);
  return file.statements.flatMap((statement) => {
    // The runtime's own begin so.
    if (ts.isFunctionDeclaration(statement) && statement.name?.text.startsWith('$')) return [];
    if (ts.isFunctionDeclaration(statement)) return [String(statement.name?.text)];
    if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.flatMap(({ name, type }) => {
        const global = name.getText();
        return [global, ...(type && ts.isTypeLiteralNode(type) ? membersOf(type.members, global) : [])];
      });
    }
    if (!ts.isClassDeclaration(statement)) throw new Error(`what is ${statement.getText()}?`);
    const global = String(statement.name?.text);
    const members = statement.members.filter((member) => !ts.isConstructorDeclaration(member));
    const isStatic = (member: ts.ClassElement) =>
      ts.canHaveModifiers(member) && ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
    return [
      global,
      ...membersOf(members.filter(isStatic), global),
      ...membersOf(
        members.filter((member) => !isStatic(member)),
        // Request and Response inherit the methods of a body, and have them declared.
        `${global}.prototype`,
      ).filter((name) => !isOfBody(name)),
    ];
  });
}

const BODY = ['body', 'bodyUsed', 'text', 'json', 'arrayBuffer', 'bytes'];
const isOfBody = (name: string) =>
  BODY.some((member) => /^(?:Request|Response)\.prototype:/.test(name) && name.endsWith(`:${member}`));

function membersOf(members: readonly (ts.ClassElement | ts.TypeElement)[], owner: string): string[] {
  return members.map(({ name }) => (name === undefined ? '' : `${owner}:${name.getText()}`));
}

/** What of the web there is in a handler, in the same form. */
const PRESENT = `
const language = new Set($args);
const present = [];
const members = (object, owner) => {
  for (const key of Reflect.ownKeys(object)) {
    if (['constructor', 'prototype', 'length', 'name'].includes(key) && owner !== 'URL') continue;
    if (['constructor', 'prototype', 'length', 'name'].includes(key)) continue;
    if (typeof key === 'symbol' ? key !== Symbol.iterator : /^[A-Z_]+$/.test(key)) continue;
    present.push(owner + ':' + (typeof key === 'symbol' ? '[Symbol.iterator]' : key));
  }
};
for (const name of ['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'DOMException', 'structuredClone', 'atob', 'btoa', 'crypto', 'setTimeout', 'AbortSignal', 'fetch', 'CryptoKey']) {
  void globalThis[name];
}
for (const name of Object.getOwnPropertyNames(globalThis)) {
  if (name.startsWith('$') || language.has(name)) continue;
  const value = globalThis[name];
  present.push(name);
  if (typeof value === 'object') {
    const prototype = Object.getPrototypeOf(value);
    members(prototype === Object.prototype ? value : prototype, name);
  } else if (/^[A-Z]/.test(name)) {
    members(value, name);
    members(value.prototype, name + '.prototype');
  }
}
return present;
`;

describe('the declared globals of the web', () => {
  it('are those that a handler has, no more and no fewer, members included', async () => {
    const language = new Set(Object.getOwnPropertyNames(globalThis).filter((name) => !WEB.has(name)));
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const { returnValue, error } = await runtime.executeHandler(PRESENT, {
      args: [...language, 'InternalError', 'Iterator', 'Float16Array', ...DISPOSAL],
    });
    expect(error).toBeUndefined();
    // Of an error, `name` and `message` are declared by the language.
    expect([...(await declared())].sort()).toEqual([...(returnValue as string[])].sort());
  });
});

/** Of the language, in newer versions of Node than this may be. */
const DISPOSAL = ['DisposableStack', 'AsyncDisposableStack', 'SuppressedError'];

/** Web features that Node also has, under the names that handlers have. */
const WEB = new Set([
  ...['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'DOMException', 'structuredClone', 'atob', 'btoa'],
  ...['crypto', 'console', 'performance', 'queueMicrotask', 'fetch', 'Headers', 'Request', 'Response'],
  'CryptoKey',
  ...['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'scheduler', 'AbortController', 'AbortSignal'],
]);

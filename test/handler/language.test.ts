import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createRuntime } from '#src/index.js';

const LIBRARIES = dirname(createRequire(import.meta.url).resolve('typescript'));
const HANDLERS = new URL('../../docs/handlers.md', import.meta.url);

/** Globals that `"lib": ["ESNext"]` declares, by the files of TypeScript that it is made of. */
async function declared(library = 'esnext', seen = new Set<string>()): Promise<ReadonlySet<string>> {
  if (seen.has(library)) return new Set();
  seen.add(library);
  const name = `lib.${library}.d.ts`;
  const file = ts.createSourceFile(name, await readFile(join(LIBRARIES, name), 'utf8'), ts.ScriptTarget.ESNext);
  const names = file.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(nameOf);
    if (ts.isModuleDeclaration(statement) && (statement.flags & ts.NodeFlags.GlobalAugmentation) !== 0) return [];
    const isValue = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
    return isValue || ts.isModuleDeclaration(statement) ? [nameOf(statement)] : [];
  });
  const inside = await Promise.all(file.libReferenceDirectives.map(({ fileName }) => declared(fileName, seen)));
  return new Set([...names, ...inside.flatMap((some) => [...some])]);
}

function nameOf({ name }: { readonly name?: ts.Node | undefined }): string {
  return name !== undefined && ts.isIdentifier(name) ? name.text : '';
}

/** The names after "Declared, but not available in handlers" in the documentation. */
async function documented(): Promise<string[]> {
  const [, names = ''] =
    /Declared, but\s+not\s+available\s+in\s+handlers:\s+([^.]*)\./.exec(await readFile(HANDLERS, 'utf8')) ?? [];
  return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => String(name));
}

describe('what TypeScript declares of the language', () => {
  it('is there in a handler, but for what the documentation names', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const { returnValue, error } = await runtime.executeHandler(
      `const isThere = (name) => {
        // Some are there to throw.
        try { return globalThis[name] !== undefined && (name !== 'eval' || eval('1') === 1); } catch { return false; }
      };
      return $args.filter((name) => name !== 'undefined' && !isThere(name)).sort();`,
      { args: [...(await declared())].filter((name) => name !== '') },
    );
    expect(error).toBeUndefined();
    expect(returnValue).toEqual((await documented()).sort());
  });
});

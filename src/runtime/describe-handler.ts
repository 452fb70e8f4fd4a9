import type { HandlerDescription } from '../api/manifest.js';
import type { CompileOptions } from '../api/source-options.js';
import { inferShaped } from '../capabilities/inference/infer.js';
import type { LibraryNeeds } from '../capabilities/library-needs.js';
import type { CachingCompiler } from '../compiler/caching-compiler.js';
import { readForm } from '../source/forms/read-form.js';
import { DEFAULT_FILENAME } from '../source/source-text.js';

/** Compiles a handler, and reads off it what a manifest has. */
export async function describeHandler(
  code: string,
  options: CompileOptions,
  compiler: CachingCompiler,
  libraries?: LibraryNeeds,
): Promise<HandlerDescription> {
  const { filename = DEFAULT_FILENAME } = options;
  const { source, shape, entries, files, bytecode } = await compiler.resolve(code, filename, options);
  const form = shape?.imports === undefined ? undefined : readForm(source, filename, { shape });
  const imports = form?.kind === 'rewritten' ? (form.libraries ?? []) : [];
  return {
    ...(entries !== undefined && { entries }),
    capabilities: inferShaped(source, filename, shape, libraries),
    imports: [...imports].sort(),
    files,
    sizes: {
      sourceBytes: Buffer.byteLength(code, 'utf8'),
      linkedBytes: Buffer.byteLength(source, 'utf8'),
      bytecodeBytes: bytecode.length,
    },
  };
}

import type { Metafile, Plugin } from './esbuild.js';
import { emptyModule } from './resolve-builtins.js';

/** A library, with the directory from which it is found. */
export interface PlacedEntry {
  readonly name: string;
  readonly specifier: string;
  readonly resolveDir: string;
}

const NAMESPACE = 'nexus-entry';
/** The ending has the rules of Node for what is imported from a CommonJS module. */
const ENTRY = 'libraries.mjs';
/** The module that imports every entry, one on each line, as the metafile calls it. */
export const ENTRY_FILE = `${NAMESPACE}:${ENTRY}`;
const NUMBERED = /^nexus-library:(\d+)$/;
const nameOf = (index: number) => `nexus-library:${index}`;

/** Makes the entry module, which exports the namespaces of all libraries, and finds each from its own directory. */
export function resolveEntries(entries: readonly PlacedEntry[]): Plugin {
  const imports = entries.map((_, index) => `import * as x${index} from '${nameOf(index)}';`);
  const contents = `${imports.join('\n')}\nexport { ${entries.map((_, index) => `x${index}`).join(', ')} };\n`;
  return {
    name: 'nexus-runtime-entries',
    setup(build) {
      build.onResolve({ filter: /^nexus-entry:/ }, ({ kind }) =>
        kind === 'entry-point' ? { path: ENTRY, namespace: NAMESPACE } : undefined,
      );
      build.onLoad({ filter: /./, namespace: NAMESPACE }, () => ({ contents, loader: 'js' }));
      build.onResolve({ filter: NUMBERED, namespace: NAMESPACE }, async ({ path }) => {
        const { specifier, resolveDir } = entries[Number(NUMBERED.exec(path)?.[1])] ?? entries[0] ?? NO_ENTRY;
        const found = await build.resolve(specifier, { kind: 'import-statement', resolveDir });
        if (found.errors.length > 0) return { errors: found.errors.map(({ text, notes }) => ({ text, notes })) };
        if (found.external) return { path: specifier, external: true };
        return found.namespace === 'file' ? { path: found.path, sideEffects: found.sideEffects } : emptyModule(path);
      });
    },
  };
}

const NO_ENTRY: PlacedEntry = { name: '', specifier: '', resolveDir: '' };

/** The file that the entry with this index is. */
export function entryTarget({ inputs }: Metafile, index: number): string | undefined {
  return inputs[ENTRY_FILE]?.imports.find(({ original }) => original === nameOf(index))?.path;
}

/** The index of the entry that an import of the entry module is. */
export function entryIndex(original: string | undefined): number | undefined {
  const digits = NUMBERED.exec(original ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

/** A text with places in it: `«name»` stands before the character that is meant, and is taken out. */
export interface Marked {
  readonly text: string;
  readonly places: Readonly<Record<string, { readonly line: number; readonly column: number }>>;
}

/** Takes the marks out of a text. Lines and columns as editors count them, found here by counting. */
export function marked(given: string): Marked {
  const places: Record<string, { line: number; column: number }> = {};
  let text = '';
  for (const part of given.split(/(«\w+»)/)) {
    const [, name] = /^«(\w+)»$/.exec(part) ?? [];
    if (name === undefined) text += part;
    else {
      const lines = text.split(/\r\n|\r|\n/);
      places[name] = { line: lines.length, column: (lines.at(-1) as string).length + 1 };
    }
  }
  return { text, places };
}

/** The files of a handler by path, and the places that are marked in them. */
export class Project {
  readonly files: Readonly<Record<string, Marked>>;

  constructor(files: Readonly<Record<string, string>>) {
    this.files = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, marked(text)]));
  }

  /** The place of a mark, as an error has it. */
  place(name: string): { readonly line: number; readonly column: number; readonly file: string } {
    for (const [file, { places }] of Object.entries(this.files)) {
      const place = places[name];
      if (place !== undefined) return { ...place, file };
    }
    throw new Error(`There is no mark «${name}».`);
  }

  /** Bundles them by esbuild, as someone does who has an own build. The map is apart or, by default, the last comment. */
  async bundle(entry: string, options: BuildOptions = {}): Promise<{ readonly code: string; readonly map: string }> {
    const directory = await mkdtemp(join(tmpdir(), 'nexus-source-maps-'));
    try {
      for (const [path, { text }] of Object.entries(this.files)) {
        await mkdir(dirname(join(directory, path)), { recursive: true });
        await writeFile(join(directory, path), text);
      }
      const { outputFiles } = await build({
        absWorkingDir: directory,
        entryPoints: [entry],
        bundle: true,
        write: false,
        format: 'esm',
        target: 'es2023',
        sourcemap: 'inline',
        outfile: 'out.js',
        logLevel: 'silent',
        ...options,
      });
      const textOf = (end: string) => outputFiles?.find(({ path }) => path.endsWith(end))?.text ?? '';
      return { code: textOf('.js'), map: textOf('.map') };
    } finally {
      await rm(directory, { recursive: true });
    }
  }
}

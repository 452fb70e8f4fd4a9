import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A directory of an application with its packages, which is removed at the end of the scope. */
export interface PackageTree extends AsyncDisposable {
  readonly directory: string;
}

/**
 * Writes files into a new directory.
 *
 * @param files their texts by path; an object is written as JSON, and `{ link }` makes a symbolic link
 */
export async function packageTree(files: Readonly<Record<string, string | object>>): Promise<PackageTree> {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-packages-'));
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    if (typeof content === 'string') await writeFile(file, content);
    else if ('link' in content) await symlink(String(content.link), file);
    else await writeFile(file, JSON.stringify(content));
  }
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** The files of an installed package. */
export function installed(
  name: string,
  files: Readonly<Record<string, string | object>>,
  manifest: object = {},
): Record<string, string | object> {
  const entries = Object.entries(files).map(([path, content]) => [`node_modules/${name}/${path}`, content]);
  return {
    [`node_modules/${name}/package.json`]: { name, version: '1.2.3', ...manifest },
    ...Object.fromEntries(entries),
  };
}

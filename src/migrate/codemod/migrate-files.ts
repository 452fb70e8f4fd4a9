import { readFile, writeFile } from 'node:fs/promises';

import { migrateHostCode } from './migrate-host-code.js';

export interface MigrateFilesOptions {
  /** Whether the files are written. @default false: only what would be done is printed */
  readonly write?: boolean;
}

/**
 * {@link migrateHostCode} for files. Prints what it changes, and what it leaves alone with the reason:
 *
 *     node -e "import('nexus-runtime/migrate').then((kit) => kit.migrateFiles(['src/rules.js'], { write: true }))"
 *
 * @returns the number of places in all files that a person has to look at
 * @throws what reading and writing throw
 */
export async function migrateFiles(
  files: readonly string[],
  { write = false }: MigrateFilesOptions = {},
): Promise<number> {
  let count = 0;
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    const { code, changes, left } = migrateHostCode(text, { filename: file });
    for (const { line, column, message } of changes) console.log(`${file}:${line}:${column} ${message}`);
    for (const { line, column, message } of left) console.log(`${file}:${line}:${column} left: ${message}`);
    if (write && code !== text) await writeFile(file, code);
    count += left.length;
  }
  return count;
}

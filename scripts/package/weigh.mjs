// What the tarball holds, and what each part of it weighs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const MAX_PACKED_BYTES = 3 * 1024 * 1024;

/** Each file belongs to the first part whose pattern it matches. */
const PARTS = [
  ['engine and prelude', /^dist\/(engine\.image|guest\/)/],
  ['declarations', /^dist\/(types|types-cjs|handler)\//],
  ['worker', /^dist\/worker\//],
  ['test kit', /^dist\/testing/],
  ['pages', /^dist\/pages\//],
  ['main thread, CommonJS', /^dist\/.*\.cjs$/],
  ['main thread, modules', /^dist\/.*\.js$/],
  ['licences of what is bundled', /^dist\/THIRD-PARTY-LICENSES\.txt$/],
  ['documents', /^(docs\/|README\.md$|CHANGELOG\.md$|SECURITY\.md$|LICENSE$)/],
  ['manifest', /^package\.json$/],
];

/**
 * Prints it.
 *
 * @param packed as `npm pack --json` describes it
 * @throws Error when it is too large, or holds a file that belongs to no part
 */
export function weigh(root, { files, size, unpackedSize }) {
  const parts = PARTS.map(([name, pattern]) => ({ name, pattern, paths: [], bytes: 0 }));
  for (const { path, size: bytes } of files) {
    const part = parts.find(({ pattern }) => pattern.test(path));
    if (part === undefined) throw new Error(`the tarball holds ${path}`);
    part.paths.push(path);
    part.bytes += bytes;
  }
  console.log(`packed ${kib(size)}, unpacked ${kib(unpackedSize)}, ${files.length} files`);
  for (const { name, paths, bytes } of parts.sort((a, b) => b.bytes - a.bytes)) {
    const text = Buffer.concat(paths.map((path) => readFileSync(join(root, path))));
    console.log(
      `  ${name.padEnd(28)} ${kib(gzipSync(text).length).padStart(9)} packed ${kib(bytes).padStart(9)} unpacked`,
    );
  }
  if (size > MAX_PACKED_BYTES) throw new Error(`the tarball has ${kib(size)}, more than ${kib(MAX_PACKED_BYTES)}`);
}

function kib(bytes) {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}

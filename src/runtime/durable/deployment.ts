import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { PRELUDE_URL } from '../../assets.js';
import type { LibrarySource } from '../../engine/library.js';
import { ABI_VERSION } from '../../guest/abi.js';
import { sha256Hex } from '../../support/sha256-hex.js';

const ID_LENGTH = 16;

/** What an image is made of, beside the package's own part. */
export interface DeploymentParts {
  /** Fingerprint of the engine. */
  readonly engine: string;
  readonly libraries: readonly LibrarySource[];
}

let preludeHash: string | undefined;

/** A short hash of the engine and of the base image: what it suspends waits on that image. */
export function deploymentOf({ engine, libraries }: DeploymentParts): string {
  preludeHash ??= sha256Hex(readFileSync(PRELUDE_URL));
  const hash = createHash('sha256');
  for (const part of [
    engine,
    String(ABI_VERSION),
    preludeHash,
    // Names of files are in the stacks of errors, and so in the image.
    ...libraries.flatMap(({ name, source, filename, exports = [] }) => [
      name,
      source,
      filename,
      JSON.stringify(exports),
    ]),
  ]) {
    // With their lengths, so that no two lists are the same text.
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest('base64url').slice(0, ID_LENGTH);
}

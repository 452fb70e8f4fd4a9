import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { PRELUDE_URL } from '../../assets.js';
import { ABI_VERSION } from '../../guest/abi.js';

const ID_LENGTH = 16;

/** What an image is made of, beside the package's own part. */
export interface DeploymentParts {
  /** Fingerprint of the engine. */
  readonly engine: string;
  readonly libraries: readonly { readonly name: string; readonly source: string }[];
}

let preludeHash: string | undefined;

/** A short hash of the engine and of the base image: who has the same can go on with the same suspended handlers. */
export function deploymentOf({ engine, libraries }: DeploymentParts): string {
  preludeHash ??= createHash('sha256').update(readFileSync(PRELUDE_URL)).digest('hex');
  const hash = createHash('sha256');
  for (const part of [
    engine,
    String(ABI_VERSION),
    preludeHash,
    ...libraries.flatMap(({ name, source }) => [name, source]),
  ]) {
    // With their lengths, so that no two lists are the same text.
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest('base64url').slice(0, ID_LENGTH);
}

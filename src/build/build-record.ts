import { readFile } from 'node:fs/promises';
import path from 'node:path';

import type { ManifestHandler } from '../api/manifest.js';
import { sha256Hex } from '../support/sha256-hex.js';

/** What is recorded of a build, so that the next one compiles only what has changed. Never trusted: artifacts are checked by their digests. */
export interface BuildRecord {
  /** Of everything that all handlers depend on. */
  readonly basis: string;
  readonly handlers: Readonly<Record<string, RecordedHandler>>;
}

export interface RecordedHandler {
  /** Digests of the files in it, by path. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What it imports of packages, whether these are hoisted or not. */
  readonly packages: readonly string[];
  readonly hoisted: readonly string[];
  /** What these need of the application, as text. */
  readonly needs: string;
  readonly entry: ManifestHandler;
}

export const RECORD_NAME = '.nexus-build.json';

/** Undefined if there is none, or it cannot be read: then everything is built. */
export async function readRecord(outDir: string): Promise<BuildRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(path.join(outDir, RECORD_NAME), 'utf8')) as BuildRecord;
    return typeof record.basis === 'string' && typeof record.handlers === 'object' ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Reads and hashes files, each once. */
export class FileDigests {
  readonly #root: string;
  readonly #known = new Map<string, Promise<string | undefined>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Undefined for a file that cannot be read. */
  of(file: string): Promise<string | undefined> {
    const known = this.#known.get(file) ?? digestOfFile(path.resolve(this.#root, file));
    this.#known.set(file, known);
    return known;
  }

  /** Whether all files are as they were recorded. */
  async areSame(inputs: Readonly<Record<string, string>>): Promise<boolean> {
    const same = await Promise.all(
      Object.entries(inputs).map(async ([file, digest]) => (await this.of(file)) === digest),
    );
    return same.every(Boolean);
  }

  async ofAll(files: readonly string[]): Promise<Record<string, string>> {
    const digests = await Promise.all(files.map(async (file) => [file, (await this.of(file)) ?? ''] as const));
    return Object.fromEntries(digests);
  }
}

async function digestOfFile(file: string): Promise<string | undefined> {
  return readFile(file).then(sha256Hex, () => undefined);
}

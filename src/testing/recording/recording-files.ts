import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { readBoundedFile } from '../../support/files/bounded-file.js';
import { namesIn } from '../../support/files/directory-names.js';
import { writeTemporary } from '../../support/files/own-file.js';
import type { Recording } from './recording.js';
import { decodeRecording, encodeRecording, MAX_RECORDING_BYTES } from './recording-codec.js';

export const RECORDING_EXTENSION = '.nxrec';

/** Longest part of a file name that says which handler it was. */
const MAX_NAME_CHARACTERS = 60;
const PRIVATE_MODE = 0o700;

/** Where recordings are written: one file for the latest, or a directory with one for each execution. */
export type RecordingPlace = { readonly file: string } | { readonly directory: string };

/**
 * Recordings on disk. Each is written whole or not at all, and readable by this user alone, for it has the data that the handler had.
 */
export class RecordingFiles {
  readonly #directory: string;
  /** The one file that all recordings go to. */
  readonly #file: string | undefined;

  constructor(place: RecordingPlace) {
    const path = resolve('file' in place ? place.file : place.directory);
    this.#directory = 'file' in place ? dirname(path) : path;
    this.#file = 'file' in place ? path : undefined;
  }

  /** Makes the directory. @throws what the system throws */
  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: PRIVATE_MODE });
  }

  /**
   * Writes a recording, in the place of an earlier one of the same run.
   *
   * @returns false when it has values that cannot be written
   * @throws what the system throws
   */
  async write(runId: string, recording: Recording): Promise<boolean> {
    const content = await encodeRecording(recording);
    if (content === undefined) return false;
    const path = this.#pathOf(runId, recording);
    const temporary = await writeTemporary(this.#directory, basename(path), content);
    await rename(temporary, path).catch(async (error: unknown) => {
      await rm(temporary, { force: true });
      throw error;
    });
    return true;
  }

  /** What was recorded of a run that waits, by whichever process; undefined when nothing was. */
  async find(runId: string): Promise<Recording | undefined> {
    if (this.#file !== undefined) return undefined;
    for await (const names of namesIn(this.#directory)) {
      const name = names.find((entry) => entry.endsWith(`-${runId}${RECORDING_EXTENSION}`));
      if (name === undefined) continue;
      return decodeRecording(await readBoundedFile(join(this.#directory, name), MAX_RECORDING_BYTES), name);
    }
    return undefined;
  }

  async remove(runId: string, recording: Recording): Promise<void> {
    await rm(this.#pathOf(runId, recording), { force: true });
  }

  #pathOf(runId: string, { context, handler }: Recording): string {
    if (this.#file !== undefined) return this.#file;
    const name = (context.handlerName ?? handler.filename).replaceAll(/[^\w-]+/g, '-').slice(0, MAX_NAME_CHARACTERS);
    return join(this.#directory, `${name}-${runId}${RECORDING_EXTENSION}`);
  }
}

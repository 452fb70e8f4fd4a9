import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { readBoundedFile } from '../../support/files/bounded-file.js';
import { namesIn } from '../../support/files/directory-names.js';
import { writeTemporary } from '../../support/files/own-file.js';
import type { Recording } from './recording.js';
import { decodeRecording, encodeRecording, MAX_RECORDING_BYTES } from './recording-codec.js';

export const RECORDING_EXTENSION = '.nxrec';

/** The maximum length of the handler's name in a file name. */
const MAX_NAME_CHARACTERS = 60;
const PRIVATE_MODE = 0o700;

/** Where recordings are written: one file for the latest, or a directory with one file for each execution. */
export type RecordingPlace = { readonly file: string } | { readonly directory: string };

/**
 * Recordings on disk. Each is written atomically and readable only by this user, because it contains the
 * handler's data.
 */
export class RecordingFiles {
  readonly #directory: string;
  /** The only file, if all recordings go to one. */
  readonly #file: string | undefined;

  constructor(place: RecordingPlace) {
    const path = resolve('file' in place ? place.file : place.directory);
    this.#directory = 'file' in place ? dirname(path) : path;
    this.#file = 'file' in place ? path : undefined;
  }

  /** Creates the directory. @throws system errors */
  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: PRIVATE_MODE });
  }

  /**
   * Writes a recording, replacing an earlier one of the same run.
   *
   * @returns false if it has values that cannot be written
   * @throws system errors
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

  /** The recording of a suspended run, from any process; undefined if there is none. */
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

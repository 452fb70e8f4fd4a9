import { packMessage, unpackMessage } from '../codec/message-pack.js';

const RING_BYTES = 64 * 1024;
/** Bytes that were written, and read, so far; both wrap around. */
const WRITTEN = 0;
const READ = 1;
const HEADER_BYTES = 2 * Int32Array.BYTES_PER_ELEMENT;
const LENGTH_BYTES = 4;

/** A line of log on its way. */
export interface StreamedLine {
  /** From 0, in its segment: an execution that is begun again writes its lines again. */
  readonly index: number;
  readonly level: unknown;
  readonly message: unknown;
}

/**
 * Lines of log from the thread that executes a handler to the one that waits for it, in memory that both see. Of one segment; what finds
 * no room is not written, and comes with the result.
 */
export class LogRing {
  readonly #cells: Int32Array<SharedArrayBuffer>;
  readonly #area: Uint8Array<SharedArrayBuffer>;
  readonly bytes: Uint8Array<SharedArrayBuffer>;

  /** @param bytes of a ring that the other thread made; default: a new one */
  constructor(bytes = new Uint8Array(new SharedArrayBuffer(HEADER_BYTES + RING_BYTES))) {
    this.bytes = bytes;
    this.#cells = new Int32Array(bytes.buffer, bytes.byteOffset, 2);
    this.#area = bytes.subarray(HEADER_BYTES);
  }

  /** False when there is no room. */
  write({ index, level, message }: StreamedLine): boolean {
    const line = packMessage([index, level, message]);
    const written = Atomics.load(this.#cells, WRITTEN);
    const used = (written - Atomics.load(this.#cells, READ)) | 0;
    if (used + LENGTH_BYTES + line.length > this.#area.length) return false;
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, line.length);
    this.#put(written, length);
    this.#put(written + LENGTH_BYTES, line);
    Atomics.store(this.#cells, WRITTEN, (written + LENGTH_BYTES + line.length) | 0);
    return true;
  }

  /** All that came since it was last read. */
  read(): StreamedLine[] {
    const lines: StreamedLine[] = [];
    const written = Atomics.load(this.#cells, WRITTEN);
    let at = Atomics.load(this.#cells, READ);
    while (at !== written) {
      const head = this.#take(at, LENGTH_BYTES);
      const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
      const [index, level, message] = unpackMessage(this.#take(at + LENGTH_BYTES, length)) as [
        number,
        unknown,
        unknown,
      ];
      lines.push({ index, level, message });
      at = (at + LENGTH_BYTES + length) | 0;
    }
    Atomics.store(this.#cells, READ, at);
    return lines;
  }

  #put(at: number, bytes: Uint8Array): void {
    const start = (at >>> 0) % this.#area.length;
    const first = bytes.subarray(0, this.#area.length - start);
    this.#area.set(first, start);
    this.#area.set(bytes.subarray(first.length), 0);
  }

  #take(at: number, length: number): Uint8Array<ArrayBuffer> {
    const start = (at >>> 0) % this.#area.length;
    const bytes = new Uint8Array(length);
    const first = this.#area.subarray(start, start + length);
    bytes.set(first);
    bytes.set(this.#area.subarray(0, length - first.length), first.length);
    return bytes;
  }
}

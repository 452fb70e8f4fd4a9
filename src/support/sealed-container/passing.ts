import { byteSlicesOf, SLICE_LENGTH, waitATurn } from '../bytes/byte-slices.js';
import type { Seal, SealCheck } from './seals.js';

const NOTHING = new Uint8Array();

/** The seal of parts that stay where they are. */
export function sealOf(seal: Seal, parts: readonly Uint8Array[]): Uint8Array {
  for (const part of parts) seal.update(part);
  return seal.finish();
}

/**
 * Content and seal in bytes of their own.
 *
 * @param parts of the content, in order
 * @param before stands before them as it is, and is not sealed
 */
export function sealWhole(seal: Seal, parts: readonly Uint8Array[], before: Uint8Array = NOTHING): Uint8Array {
  const sealed = startSealed(seal, parts, before);
  for (const part of parts) sealed.write(seal.update(part));
  sealed.write(seal.finish());
  return sealed.bytes;
}

/** {@link sealWhole} a slice at a time, with turns of the event loop in between. */
export async function sealInTurns(
  seal: Seal,
  parts: readonly Uint8Array[],
  before: Uint8Array = NOTHING,
): Promise<Uint8Array> {
  const sealed = startSealed(seal, parts, before);
  const turns = new Turns();
  for (const part of parts) {
    for (const slice of byteSlicesOf(part)) {
      if (turns.isDue(slice)) await waitATurn();
      sealed.write(seal.update(slice));
    }
  }
  sealed.write(seal.finish());
  return sealed.bytes;
}

/** Whether `seal` is that of `stored`, checked with turns of the event loop in between. */
export async function isSealedInTurns(check: SealCheck, stored: Uint8Array, seal: Uint8Array): Promise<boolean> {
  const turns = new Turns();
  for (const slice of byteSlicesOf(stored)) {
    if (turns.isDue(slice)) await waitATurn();
    check.update(slice);
  }
  return check.matches(seal);
}

/**
 * Passes what is stored through a check and keeps the content, with turns of the event loop in between. What is checked is the copy, so
 * `stored` may change meanwhile.
 *
 * @param content as long as `stored`; filled. It must not be used before the seal was found right
 */
export async function openInTurns<Content extends Uint8Array>(
  check: SealCheck,
  stored: Uint8Array,
  content: Content,
): Promise<Content> {
  const turns = new Turns();
  let at = 0;
  for (const slice of byteSlicesOf(stored)) {
    if (turns.isDue(slice)) await waitATurn();
    content.set(slice, at);
    const copy = content.subarray(at, at + slice.length);
    const opened = check.update(copy);
    if (opened !== copy) content.set(opened, at);
    at += slice.length;
  }
  return content;
}

function startSealed(seal: Seal, parts: readonly Uint8Array[], before: Uint8Array): Filling {
  const content = parts.reduce((sum, { length }) => sum + length, 0);
  const sealed = new Filling(before.length + seal.lead.length + content + seal.trailBytes);
  sealed.write(before);
  sealed.write(seal.lead);
  return sealed;
}

/** Bytes of their own, filled from the start. */
class Filling {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #end = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  write(part: Uint8Array): void {
    this.bytes.set(part, this.#end);
    this.#end += part.length;
  }
}

/** When to let the event loop have a turn: small parts pass together. */
class Turns {
  #passed = 0;

  isDue({ length }: Uint8Array): boolean {
    const isDue = this.#passed > 0 && this.#passed + length > SLICE_LENGTH;
    this.#passed = isDue ? length : this.#passed + length;
    return isDue;
  }
}

import { prepareEngine } from '../../src/engine/load-engine.js';
import { makeEngineImage } from './engine-image.js';
import { type GuestScript, makePreludeImage } from './prelude-image.js';

/** What needs esbuild or Binaryen, which the bundle of this file does not contain. */
export interface Tools {
  readonly optimise: (wasm: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>;
  readonly bundleGuestScript: (entry: string) => Promise<GuestScript>;
}

export async function makeImages(upstream: Uint8Array, { optimise, bundleGuestScript }: Tools) {
  const engine = await makeEngineImage(upstream, optimise);
  const prelude = await makePreludeImage(await prepareEngine(upstream, engine), bundleGuestScript);
  const report = [`engine: ${upstream.length} bytes upstream, ${engine.length} optimised`, ...prelude.report];
  return { engine, prelude: prelude.encoded, guestInputs: prelude.inputs, report };
}

import { count, record, type Shape, text } from '../../codec/message-shape.js';
import { NexusError } from '../../errors/nexus-error.js';
import { compress, decompress } from '../../support/compression.js';
import { openEnvelope, sealEnvelope } from '../sealed/envelope.js';
import type { EnvelopeKeys } from '../sealed/envelope-keys.js';

/** A base image as it is stored: what is sealed with it. */
export interface ImageHeader {
  /** Fingerprint. */
  readonly engine: string;
  readonly abi: number;
  /** Of the image when it is inflated. */
  readonly bytes: number;
}

const HEADER = record({ engine: text(256), abi: count, bytes: count }) as Shape<ImageHeader>;

/** Why an image cannot be opened. The message follows its name. */
export class DamagedImageError extends Error {}

/** Under another prefix than suspended handlers, which open only under their own ids. */
function nameOf(id: string): string {
  return `image:${id}`;
}

export async function sealImage(
  id: string,
  header: Omit<ImageHeader, 'bytes'>,
  packed: Uint8Array,
  keys: EnvelopeKeys,
): Promise<Uint8Array> {
  return sealEnvelope(nameOf(id), { ...header, bytes: packed.length }, await compress(packed), keys);
}

/**
 * Opens an image, which is not inflated yet.
 *
 * @throws DamagedImageError
 */
export async function openImage(
  id: string,
  stored: Uint8Array,
  keys: EnvelopeKeys,
): Promise<{ readonly header: ImageHeader; inflate(maxBytes: number): Promise<Uint8Array> }> {
  const { header, payload } = await openEnvelope(nameOf(id), stored, keys).catch((error: unknown) => {
    if (!(error instanceof NexusError) || error.code !== 'SUSPENSION_INCOMPATIBLE') throw error;
    throw new DamagedImageError(REASONS[String(error.context['problem'])] ?? 'cannot be read');
  });
  const problem = HEADER(header);
  if (problem !== undefined) throw new DamagedImageError(`has a header that ${problem}`);
  const { bytes } = header as ImageHeader;
  return {
    header: header as ImageHeader,
    async inflate(maxBytes) {
      if (bytes > maxBytes)
        throw new DamagedImageError(`has ${bytes} bytes, more than a VM of this runtime (memoryLimitBytes)`);
      const inflated = await decompress(payload, bytes).catch((error: unknown) => {
        throw new DamagedImageError(`does not inflate (${String(error)})`);
      });
      if (inflated.length !== bytes) throw new DamagedImageError('is shorter than it says');
      return inflated;
    },
  };
}

const REASONS: Readonly<Record<string, string>> = {
  truncated: 'is truncated',
  magic: 'is none',
  version: 'was sealed by a version of the library with another format',
  key: 'was sealed with a secret that is not among those of this runtime (suspensionSecret)',
  seal: 'is damaged, or was edited',
  content: 'has a header that does not decode',
};

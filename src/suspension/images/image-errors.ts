import type { NexusError } from '../../errors/nexus-error.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import { KNOWN_ABIS } from '../../protocol/guest-abis.js';
import { incompatible } from '../incompatible.js';

const KEPT = 'It is kept, untouched.';
const REMEDY =
  'Resume it with the version of the library and the libraries that suspended it, beside this one under an npm alias if need be';

/** What a handler needs that waits, as far as it is known. */
export type Awaited = Pick<SuspendedRun, 'deployment'> & Partial<Pick<SuspendedRun, 'imageHash'>>;

/** There is no image for it. */
export function noImage(suspensionId: string, { deployment, imageHash }: Awaited, hasImages: boolean): NexusError {
  const of = deployment === undefined ? `image ${imageHash?.slice(0, 16)}…` : `deployment ${deployment}`;
  const missing = hasImages
    ? 'whose image is not in the store'
    : 'and this store keeps no images (SuspensionStore.images)';
  const put = hasImages ? ': once that works on this store, its image is there' : '';
  const message = `The handler ${suspensionId} was suspended by ${of}, ${missing}. ${KEPT} ${REMEDY}${put}.`;
  return incompatible('image', message, { suspensionId, ...(deployment !== undefined && { deployment }) });
}

/** There is one, and it cannot be used. */
export function badImage(suspensionId: string, { deployment }: Awaited, image: string, reason: string): NexusError {
  const message = `The handler ${suspensionId} waits on the image ${image} of another deployment, which ${reason}. ${KEPT} ${REMEDY}, or put back a copy of the image.`;
  return incompatible('image', message, { suspensionId, image, ...(deployment !== undefined && { deployment }) });
}

/** It is of another engine: why, to follow its name. */
export function otherEngine(engine: string, own: string): string {
  return `is of engine ${engine}, while this is ${own}`;
}

/** It is of an ABI that is not spoken: why, to follow its name. */
export function otherAbi(abi: number): string {
  return `has ABI ${abi}, while this version of the library speaks ${[...KNOWN_ABIS].sort((a, b) => a - b).join(', ')}`;
}

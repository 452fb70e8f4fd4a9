import { createHash } from 'node:crypto';

const DEPLOYMENT_LENGTH = 16;
const SET_LENGTH = 16;

/**
 * By which the base image of a deployment is kept: the deployment itself, or with a library set a hash of that behind it.
 *
 * @param librarySet id of the library set, if it is not the image of the runtime's own libraries
 */
export function imageIdOf(deployment: string, librarySet: string | undefined): string {
  if (librarySet === undefined) return deployment;
  return deployment + createHash('sha256').update(librarySet).digest('base64url').slice(0, SET_LENGTH);
}

/** @returns undefined if it is no id of an image */
export function deploymentOfImage(id: string): string | undefined {
  const isOne = id.length === DEPLOYMENT_LENGTH || id.length === DEPLOYMENT_LENGTH + SET_LENGTH;
  return isOne ? id.slice(0, DEPLOYMENT_LENGTH) : undefined;
}

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
export const collectGarbage = runInNewContext('gc');

/** Resident bytes of the process, without garbage of the main thread. */
export function residentBytes() {
  collectGarbage();
  return process.memoryUsage().rss;
}

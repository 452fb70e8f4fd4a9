import { clearTimeout, setTimeout } from '../../support/timers.js';
import { failed } from './failures.js';

/** How long the first answer of a server may take. */
const FIRST_ANSWER_MS = 10_000;

/** @throws NexusError INTERNAL_ERROR when the server has not answered in ten seconds */
export async function within<T>(answer: Promise<T>, server: string, remedy: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(failed(`${server} did not answer in ${FIRST_ANSWER_MS} ms`, remedy)),
      FIRST_ANSWER_MS,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

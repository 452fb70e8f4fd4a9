/** When a fault begins nothing more, in milliseconds since the epoch. */
export function endOf({ seconds }) {
  return seconds === undefined ? Number.POSITIVE_INFINITY : Date.now() + 1_000 * Number(seconds);
}

/**
 * Does something so many times, several of them at the same time.
 *
 * @returns how many times; fewer if the time is over
 */
export async function severally(atOnce, count, untilMs, task) {
  let next = 0;
  const some = async () => {
    while (next < count && Date.now() < untilMs) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, some));
  return next;
}

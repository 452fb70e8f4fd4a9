/** Does something so many times, several of them at the same time. */
export async function severally(atOnce, count, task) {
  let next = 0;
  const some = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, some));
}

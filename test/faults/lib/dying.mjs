// A store whose process is killed at one of its operations.

/** @param death `at` which operation, and `when`: `'before'` it or `'after'` it */
export function dying(store, { at, when }) {
  let operations = 0;
  const die = () => process.kill(process.pid, 'SIGKILL');
  return new Proxy(store, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== 'function') return value;
      return async (...args) => {
        const isNow = ++operations === at;
        if (isNow && when === 'before') die();
        const answer = await value.apply(target, args);
        if (isNow) die();
        return answer;
      };
    },
  });
}

/**
 * A store that kills its process before or after an operation of a number: it has begun, and nobody was told that it ended.
 *
 * @param tell told which operation it is, with `before` or `after`
 */
export function killedAt(store, { operation, isAfter }, tell) {
  let count = 0;
  const guarded = (target) =>
    new Proxy(target, {
      get(_, name) {
        const member = target[name];
        if (name === 'images') return guarded(member);
        if (typeof member !== 'function') return member;
        return async (...args) => {
          const isIt = ++count === operation;
          const die = () => {
            tell(`${isAfter ? 'after' : 'before'} ${name}`);
            process.kill(process.pid, 'SIGKILL');
          };
          if (isIt && !isAfter) die();
          const answer = await member.apply(target, args);
          if (isIt) die();
          return answer;
        };
      },
    });
  return guarded(store);
}

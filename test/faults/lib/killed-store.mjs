/** A store that kills its process before or after an operation of a number: it has begun, and nobody was told that it ended. */
export function killedAt(store, { operation, isAfter }) {
  let count = 0;
  const guarded = (target) =>
    new Proxy(target, {
      get(_, name) {
        const member = target[name];
        if (name === 'images') return guarded(member);
        if (typeof member !== 'function') return member;
        return async (...args) => {
          const isIt = ++count === operation;
          if (isIt && !isAfter) process.kill(process.pid, 'SIGKILL');
          const answer = await member.apply(target, args);
          if (isIt) process.kill(process.pid, 'SIGKILL');
          return answer;
        };
      },
    });
  return guarded(store);
}

// The payments to judge, the same in each run.

export function payments(count) {
  let seed = 42;
  const random = (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const pick = (list) => list[random(list.length)];
  const countries = ['DE', 'AT', 'CH', 'FR', 'IT', 'XX'];
  return Array.from({ length: count }, (_, id) => {
    const usual = 10 + random(400);
    const home = pick(countries.slice(0, 5));
    return {
      id,
      amount: random(20) === 0 ? 100 * (1 + random(40)) : 1 + random(usual * 2),
      kind: pick(['card', 'transfer', 'cash']),
      usual,
      home,
      country: random(10) === 0 ? pick(countries) : home,
      hour: random(24),
      accountDays: random(2_000),
    };
  });
}

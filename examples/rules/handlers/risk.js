// The rules of a bank for a list of payments: which ones pass, which a person reviews, and which are refused.
const { limits, blocked } = $state;

const rules = [
  { name: 'blocked country', refuse: true, holds: ({ country }) => blocked.includes(country) },
  { name: 'over the limit', refuse: true, holds: ({ amount, kind }) => amount > limits[kind] },
  { name: 'round amount at night', points: 40, holds: ({ amount, hour }) => amount % 100 === 0 && hour < 6 },
  { name: 'new account', points: 35, holds: ({ accountDays }) => accountDays < 30 },
  { name: 'large for this customer', points: 30, holds: ({ amount, usual }) => amount > usual * 5 },
  { name: 'far from home', points: 20, holds: ({ country, home }) => country !== home },
];

function judge(payment) {
  const reasons = rules.filter(({ holds }) => holds(payment));
  const points = reasons.reduce((sum, rule) => sum + (rule.points ?? 0), 0);
  const decision = reasons.some(({ refuse }) => refuse) ? 'refuse' : points >= 60 ? 'review' : 'accept';
  return { id: payment.id, decision, reasons: reasons.map(({ name }) => name) };
}

return $args.map(judge);

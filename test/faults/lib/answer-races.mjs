// Races of 2 to 20 answers to one suspension: every accepted one is used once, every other one is told, every recorded result is
// marked.
import { thousands } from './findings.mjs';

const MIN_ANSWERS = 2;
const MAX_ANSWERS = 20;
/** Races at the same time: a caller that waits for another one looks again after a while, and the machine would do nothing. */
const AT_ONCE = 12;

/** All calls are awaited: the handler waits again after each answer. */
const ALL =
  'return await Promise.all(Array.from({ length: $args }, (_, i) => $ext.a.b(i).then((v) => { $emit("used", v); return v })))';
/** The first answer is enough; then the handler ends, and waits for a call that it began last. The losers are left behind. */
const FIRST = `const first = await Promise.race(Array.from({ length: $args }, (_, i) => $ext.a.b(i)));
  $emit("used", first);
  $ext.a.c().then((v) => $emit("used", v));
  return [first]`;

/**
 * @param suspend `(place, code, args) => { suspensionId, calls }`, in the runtime of a place
 * @param give `(place, suspensionId, answers) => told`: see answer-clients.mjs
 * @param stateOf `(suspensionId) => state`
 */
export async function raceAnswers({ races, seed, places, findings, suspend, give, stateOf }) {
  const random = randomFrom(seed);
  const plans = Array.from({ length: races }, () => planRace(random, places));
  const totals = { answers: 0, used: 0, replayed: 0, refused: 0, busy: 0, hops: 0, recorded: 0 };
  const usedAt = new Array(places).fill(0);
  const next = plans[Symbol.iterator]();
  const lane = async () => {
    for (const plan of { [Symbol.iterator]: () => next }) {
      const all = await runRace(plan, { findings, suspend, give, stateOf });
      for (const [client, told] of all) {
        totals.answers += client.answers.length;
        for (const kind of ['used', 'replayed', 'refused']) totals[kind] += told[kind].length;
        totals.recorded += told.results.filter(({ replayed }) => replayed).length;
        totals.busy += told.busy;
        totals.hops += told.hops;
        usedAt[client.place] += told.used.length;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  findings.check(
    usedAt.every((count) => count > 0),
    `a runtime never won: ${usedAt.join()}`,
  );
  const { answers, used, replayed, refused, recorded, hops } = totals;
  findings.check(
    used + replayed + refused === answers,
    `${answers - used - replayed - refused} answers were told nothing`,
  );
  return (
    `${thousands(races)} races (seed ${seed}), ${thousands(answers)} answers: ${thousands(used)} used once, ` +
    `${thousands(replayed)} got one of ${thousands(recorded)} recorded results, ${thousands(refused)} refused; ${thousands(hops)} sent on`
  );
}

/** Some answers are to one call each, some to several, some are duplicates with a token of their own. */
function planRace(random, places) {
  const count = MIN_ANSWERS + Math.floor(random() * (MAX_ANSWERS - MIN_ANSWERS + 1));
  const isAll = random() < 0.75;
  const calls = Math.max(isAll ? 1 : 2, Math.ceil(count * (0.3 + random() * 0.7)));
  const clients = Array.from({ length: count }, (_, number) => {
    // Each call has a client; the others are duplicates.
    const first = number < calls ? number : Math.floor(random() * calls);
    const numbers = new Set([first]);
    if (isAll && random() < 0.2) numbers.add(Math.floor(random() * calls));
    const isBare = first === 0 && numbers.size === 1 && random() < 0.5;
    return { place: Math.floor(random() * places), number, numbers: [...numbers], isBare };
  });
  return { isAll, calls, clients, place: Math.floor(random() * places) };
}

let lastRace = 0;

async function runRace({ isAll, calls, clients, place }, { findings, suspend, give, stateOf }) {
  const race = ++lastRace;
  const { suspensionId, callIds } = await suspend(place, isAll ? ALL : FIRST, calls);
  const racing = clients.map((client) => ({
    ...client,
    answers: client.numbers.map((n) => ({
      callId: callIds[n],
      token: `${race}:${n}:${client.number}`,
      isBare: client.isBare,
    })),
  }));
  const all = await Promise.all(
    racing.map(async (client) => [client, await give(client.place, suspensionId, client.answers)]),
  );
  if (!isAll) all.push(await giveLast({ suspensionId, give, place, race, all }));
  check(all, findings, isAll ? calls : 2);
  for (const { at } of all.flatMap(([, told]) => told.results)) {
    const state = await stateOf(at);
    findings.check(state === 'continued' || state === 'completed', `a suspension that was resumed is ${state}`);
  }
  return all;
}

/** The call that the handler waits for behind the race: no answer was for it. */
async function giveLast({ suspensionId, give, place, race, all }) {
  const { text } = all.flatMap(([, { results }]) => results).find(({ at }) => at === suspensionId);
  const [, , , next, callIds] = JSON.parse(text);
  const answers = [{ callId: callIds[0], token: `${race}:last:0`, isBare: false }];
  return [{ place, answers }, await give(place, next, answers)];
}

/** @param expected how many answers are used in the whole run */
function check(all, findings, expected) {
  const used = all.flatMap(([, told]) => told.used);
  findings.check(new Set(used.map(callOf)).size === used.length, 'two answers to one call were used');
  findings.check(used.length === expected, `${used.length} answers were used, ${expected} were needed`);
  for (const violation of all.flatMap(([, told]) => told.violations)) findings.check(false, violation);

  const results = all.flatMap(([, told]) => told.results);
  const first = new Map();
  for (const { at, replayed, text } of results) {
    if (replayed) continue;
    findings.check(!first.has(at), 'a suspension has two results that are not marked as recorded');
    first.set(at, text);
  }
  for (const { at, replayed, text } of results) {
    if (replayed) findings.check(first.get(at) === text, 'a recorded result differs from the one that was recorded');
  }
  const ends = [...first.values()].map((text) => JSON.parse(text)).filter(([status]) => status === 'success');
  findings.check(ends.length === 1, `a run ended ${ends.length} times`);
  const returned = ends[0]?.[1] ?? [];
  const isRight = returned.length > 0 && returned.every((token) => used.includes(token));
  findings.check(isRight, 'the handler returns what was not accepted');
}

function callOf(token) {
  return token.split(':').slice(0, 2).join(':');
}

/** mulberry32: the same races for the same seed. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @throws Error for what is no number */
export function readCounts({ races, seed, quick }, quickRaces) {
  const counts = { races: Number(races ?? (quick ? quickRaces : 1_000)), seed: Number(seed ?? Date.now() % 2 ** 31) };
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
  }
  return counts;
}

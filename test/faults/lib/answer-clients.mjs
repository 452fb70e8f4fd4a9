// One who answers calls of a suspended handler, and does what the errors say.

/** Gives up when it was told so often to go elsewhere: a run has no more suspensions than that. */
const MAX_HOPS = 200;

/**
 * Gives answers until they are used, or until it is told that they are not needed.
 *
 * @param runtime anything with `resumeHandler`
 * @param answers of a client: `[{ callId, token }]`; a client that names no call answers the first one
 * @returns `{ used, replayed, refused }`, the tokens by what became of them; `results` by suspension; `violations`; how often it was
 *   `busy`, and how often it went elsewhere (`hops`)
 */
export async function deliver(runtime, suspensionId, answers) {
  const told = { used: [], replayed: [], refused: [], results: [], violations: [], busy: 0, hops: 0 };
  let at = suspensionId;
  let left = answers;
  while (left.length > 0) {
    if (told.hops + told.busy > MAX_HOPS) {
      told.violations.push('sent from one suspension to another without end');
      return told;
    }
    try {
      const result = await runtime.resumeHandler(at, inForm(left));
      told.results.push({ at, replayed: result.replayed === true, text: essenceOf(result) });
      (result.replayed ? told.replayed : told.used).push(...left.map(({ token }) => token));
      if (!result.replayed) checkEffects(result, left, told.violations);
      return told;
    } catch (error) {
      const { code, context = {} } = error;
      if (code === 'SUSPENSION_BUSY') {
        told.busy++;
        continue;
      }
      if (code !== 'SUSPENSION_SETTLED') {
        told.violations.push(`an answer is refused with ${code}: ${error.message}`);
        return told;
      }
      const { settledCallIds = [], currentSuspensionId } = context;
      const isSettled = ({ callId }) => settledCallIds.includes(callId);
      told.refused.push(...left.filter(isSettled).map(({ token }) => token));
      left = left.filter((answer) => !isSettled(answer)).map((answer) => ({ ...answer, isBare: false }));
      if (left.length > 0 !== (currentSuspensionId !== undefined)) {
        told.violations.push(`${left.length} answers are left, and the run waits as ${currentSuspensionId}`);
        return told;
      }
      at = currentSuspensionId;
      told.hops++;
    }
  }
  return told;
}

/** One answer alone need not name its call, where it is the first that waits. */
function inForm(answers) {
  const [{ token, isBare }] = answers;
  return isBare
    ? { success: true, value: token }
    : answers.map((one) => ({ callId: one.callId, success: true, value: one.token }));
}

/** What a result tells, as text: a recorded one has to tell the same. */
function essenceOf({ status, returnValue, events, suspension, unawaitedCalls, error }) {
  const ids = (calls) => calls?.map(({ callId }) => callId);
  return JSON.stringify([
    status,
    returnValue,
    events,
    suspension?.suspensionId,
    ids(suspension?.calls),
    ids(unawaitedCalls),
    error,
  ]);
}

/** A result that is not a recorded one came of these answers and of no others. */
function checkEffects({ status, events, error }, answers, violations) {
  if (status === 'error') violations.push(`the handler failed: ${error?.message}`);
  const tokens = events.map(({ payload }) => payload).sort();
  const own = answers.map(({ token }) => token).sort();
  // A handler that has ended takes no further answers: in the race, those that came with the first.
  if (tokens.join() !== own.join())
    violations.push(`answers ${own.join()} were accepted, and ${tokens.join()} were used`);
}

import { Findings, thousands, within } from '../lib/findings.mjs';
import { executeHostile, hostileProgram } from '../lib/hostile-programs.mjs';
import { withRuntime } from '../lib/runtime.mjs';

export const title = 'hostile handlers beside innocent ones';

const INNOCENT_PER_HOSTILE = 10;
const HOSTILE_TIMEOUT_MS = 20;
const KILL_GRACE_MS = 50;
/** Hostile ones under way at once: more than there are workers. */
const HOSTILE_AT_ONCE = 4;
const SOURCE = `
$state.count = ($state.count ?? 0) + $args.n;
$emit('counted', { count: $state.count });
return $state.count;
`;
const CAPABILITIES = ['state:read:*', 'state:write:*', 'events:emit:*'];
const HANG_MS = 60_000;

export async function run({ quick }) {
  const findings = new Findings();
  const hostile = quick ? 40 : 10_000;
  const withTenants = await measure({ hostile, tenants: true }, findings);
  findings.check(
    withTenants.longestMs <= withTenants.boundMs,
    `an innocent took ${withTenants.longestMs.toFixed(0)} ms, more than ${withTenants.boundMs.toFixed(0)} ms ` +
      `(3 × ${withTenants.alone.p99Ms.toFixed(1)} ms + ${withTenants.restartMs.toFixed(0)} ms of a restart)`,
  );
  const without = await measure({ hostile: Math.ceil(hostile / 10), tenants: false }, findings);
  const { alone, restartMs, innocent, kills, p99Ms, longestMs } = withTenants;
  return findings.end(
    `${thousands(hostile)} hostile, ${thousands(innocent)} innocent, all right; p99 ${alone.p99Ms.toFixed(1)} ms alone, ` +
      `${p99Ms.toFixed(1)} beside them, longest ${longestMs.toFixed(0)} (restart ${restartMs.toFixed(0)}); ` +
      `kills ${Object.values(kills).join('/')}; without tenants longest ${without.longestMs.toFixed(0)} ms`,
  );
}

function measure({ hostile, tenants }, findings) {
  const options = {
    cacheDir: false,
    maxInstances: 2,
    minInstances: 2,
    killGraceMs: KILL_GRACE_MS,
    memoryLimitBytes: 16 * 2 ** 20,
    stackSizeBytes: 256 * 1024,
  };
  return withRuntime(options, async (runtime) => {
    await runtime.warmup([SOURCE]);
    const innocents = new Innocents(runtime, tenants, findings);
    for (let i = 0; i < Math.min(hostile, 1_000); i++) await innocents.execute();
    const alone = innocents.takeTimes();
    const restartMs = await timeOfRestart(runtime);
    const attackers = new Set();
    for (let i = 0; i < hostile; i++) {
      while (attackers.size >= HOSTILE_AT_ONCE) {
        // The load on innocents does not become less while the attackers keep their workers.
        await Promise.race([...attackers, innocents.execute()]);
      }
      const options = tenants ? { tenant: 'mallory' } : {};
      const attack = executeHostile(runtime, hostileProgram(i), HOSTILE_TIMEOUT_MS, options)
        .catch((error) => findings.check(error.code !== 'INTERNAL_ERROR', `hostile: ${error.message}`))
        .finally(() => attackers.delete(attack));
      attackers.add(attack);
      await innocents.execute();
    }
    await Promise.all(attackers);
    await innocents.idle();
    const beside = innocents.takeTimes();
    const { kills } = runtime.getStats();
    return { ...beside, alone, restartMs, kills, boundMs: 3 * alone.p99Ms + restartMs };
  });
}

/** Executions that are right and quick, ten at a time, each of a tenant of its own. */
class Innocents {
  #runtime;
  #tenants;
  #findings;
  #times = [];
  #number = 0;
  #underWay = new Set();

  constructor(runtime, tenants, findings) {
    this.#runtime = runtime;
    this.#tenants = tenants;
    this.#findings = findings;
  }

  async execute() {
    const round = Promise.all(Array.from({ length: INNOCENT_PER_HOSTILE }, (_, slot) => this.#executeOne(slot)));
    this.#underWay.add(round);
    await round.finally(() => this.#underWay.delete(round));
  }

  async idle() {
    await Promise.all(this.#underWay);
  }

  async #executeOne(slot) {
    const n = this.#number++;
    const startedAt = performance.now();
    const context = { stateSnapshot: { count: n }, args: { n: 3 }, capabilities: CAPABILITIES };
    const call = this.#runtime.executeHandler(SOURCE, context, this.#tenants ? { tenant: `tenant ${slot}` } : {});
    const outcome = await within(
      HANG_MS,
      call.then(
        (result) => result.returnValue,
        (error) => error.message,
      ),
      'HANGS',
    );
    this.#times.push(performance.now() - startedAt);
    this.#findings.check(
      outcome === n + 3,
      `an innocent got ${outcome === n + 3 || typeof outcome === 'string' ? outcome : 'another result'}`,
    );
  }

  /** Of all since the last time. */
  takeTimes() {
    const times = this.#times.splice(0).sort((a, b) => a - b);
    return { innocent: times.length, p99Ms: times[Math.floor(times.length * 0.99)], longestMs: times.at(-1) };
  }
}

/** The time from the kill of a worker until its replacement has a result, the longest of five. */
async function timeOfRestart(runtime) {
  const native = 'return "a".repeat(2e6).indexOf("a".repeat(1e6) + "b")';
  const times = [];
  for (let i = 0; i < 5; i++) {
    await runtime.executeHandler(native, {}, HOSTILE_TIMEOUT_MS);
    const startedAt = performance.now();
    await runtime.warmup();
    times.push(performance.now() - startedAt);
  }
  return Math.max(...times);
}

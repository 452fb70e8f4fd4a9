// The table of combinations: each row installs the packed tarball into an empty folder and exercises it there.
import { Lab, NotTried, removeInstalled } from './lab.mjs';
import { PRINTED } from './programs.mjs';
import { rows as bundlers } from './rows/bundlers.mjs';
import { rows as docker } from './rows/docker.mjs';
import { rows as hosts } from './rows/hosts.mjs';
import { rows as managers } from './rows/managers.mjs';
import { rows as nodes } from './rows/nodes.mjs';
import { rows as testRunners } from './rows/test-runners.mjs';
import { rows as typescript } from './rows/typescript.mjs';

const ROWS = [...managers, ...nodes, ...hosts, ...testRunners, ...bundlers, ...typescript, ...docker];

/**
 * @param options `only`: part of a row's name, or several separated by commas; `list`: names them and does nothing; `short`: those of the short form
 * @returns how many rows fail
 */
export function everywhere(tarball, { only, list = false, short = false }) {
  const wanted = only?.split(',');
  const rows = ROWS.filter(
    ({ name, isShort = false }) =>
      (!short || isShort) && (wanted === undefined || wanted.some((part) => name.includes(part))),
  );
  if (list) {
    for (const { name, refusal } of rows) console.log(refusal === undefined ? name : `${name} (refused)`);
    console.log(`${rows.length} rows`);
    return 0;
  }
  const results = rows.map((row) => runRow(row, tarball));
  removeInstalled();
  const failed = results.filter(({ result }) => result === 'FAILS');
  const refused = results.filter(({ result }) => result === 'refused');
  const skipped = results.filter(({ result }) => result === 'skipped');
  console.log(
    `\n${rows.length} rows: ${rows.length - failed.length - refused.length - skipped.length} pass, ${refused.length} are refused, ${failed.length} fail`,
  );
  for (const { name, text } of refused) console.log(`\nrefused, ${name}:\n  ${text}`);
  for (const { name, text } of skipped) console.log(`\nskipped, ${name}:\n  ${text}`);
  return failed.length;
}

function runRow({ name, run, refusal }, tarball) {
  const startedAt = performance.now();
  const lab = new Lab(tarball);
  let result = 'passes';
  let text = '';
  try {
    const output = run(lab);
    const expected = refusal ?? PRINTED;
    const found = typeof expected === 'string' ? output.includes(expected) : expected.test(output);
    if (!found) throw new Error(`it prints, instead of ${expected}:\n${output.slice(-3_000)}`);
    if (refusal !== undefined) {
      result = 'refused';
      text = output.split('\n').findLast((line) => refusal.test(line)) ?? '';
    }
  } catch (error) {
    result = error instanceof NotTried ? 'skipped' : 'FAILS';
    text = error.message;
  } finally {
    if (process.env.NEXUS_KEEP_ROWS === undefined) lab.remove();
    else console.log(lab.folder);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`${result.padEnd(8)} ${name.padEnd(70)} ${seconds.padStart(3)} s`);
  if (result === 'FAILS') console.log(text.replaceAll(/^/gm, '         | '));
  return { name, result, text };
}

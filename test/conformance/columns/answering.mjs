import { createInterface } from 'node:readline';

/** One line, for a reader that takes U+2028 and U+2029 for ends of lines, too. */
export function asLine(message) {
  const text = JSON.stringify(message, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
  return `${text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}\n`;
}

/** Answers each line with the outcome of the run that it describes. */
export function answer(run) {
  let turn = Promise.resolve();
  createInterface(process.stdin).on('line', (line) => {
    turn = turn.then(async () => {
      const outcome = await run(JSON.parse(line));
      process.stdout.write(asLine(outcome));
    });
  });
}

/** What was thrown, as an outcome. */
export function thrown(error) {
  try {
    if (typeof error !== 'object' || error === null) return { kind: 'throw', name: 'value', message: String(error) };
    return { kind: 'throw', name: String(error.name), message: String(error.message), stack: String(error.stack) };
  } catch {
    return { kind: 'throw', name: 'value', message: 'something that cannot be described' };
  }
}

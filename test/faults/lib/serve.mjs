// The other side of children.mjs.

/** Answers requests with what the functions return. Ends with the process that asks. */
export function serve(commands) {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, command, argument }) => {
    try {
      process.send({ id, result: await commands[command](argument) });
    } catch (error) {
      process.send({ id, error: String(error?.stack ?? error) });
    }
  });
  sayReady();
}

export function sayReady() {
  process.send({ id: 'ready' });
}

/** What the process was started with. */
export function startArguments() {
  return process.argv.slice(2).map((arg) => JSON.parse(arg));
}

// The counterpart of children.mjs in the child process.

/** Answers requests with the results of the functions. Ends with the parent process. */
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

/** The arguments with which the process was started. */
export function startArguments() {
  return process.argv.slice(2).map((arg) => JSON.parse(arg));
}

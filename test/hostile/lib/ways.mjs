// The ways in which a program reaches the engine.

/** @returns the result of executing its source */
export async function asSource(runtime, { source, context, options }) {
  return runtime.executeHandler(source, lazily(context), options);
}

/** Through `precompileHandler`: a rejection must contain what a result would have contained. */
export async function asArtifact(runtime, { source, context, options }) {
  const { filename } = options ?? {};
  let artifact;
  try {
    artifact = await runtime.precompileHandler(source, filename === undefined ? {} : { filename });
  } catch (error) {
    return asResult(error);
  }
  return runtime.executeCompiledHandler(artifact, lazily(context), options);
}

export const ONCE = [asSource];
/** Enough executions for the handler to get its own image and to be executed from it. */
export const COLD_AND_HOT = [asSource, asArtifact, asSource, asSource, asSource];

function asResult({ code, message, context: { location, snippet, ...context } }) {
  const [text] = message.split('\n');
  const error = {
    code,
    message: text,
    location,
    snippet,
    context: Object.keys(context).length > 0 ? context : undefined,
  };
  return { status: 'error', error, stateMutations: [], events: [], viewCommands: [], logs: [] };
}

/** Large or hostile contexts are created only when they are needed. */
function lazily(context) {
  return typeof context === 'function' ? context() : context;
}

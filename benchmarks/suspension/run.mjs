// `run`: a ledger of the answers so far. A resume executes the handler again from its start, with the ledger's answers.
import { encodeContext, plainHandler } from '../peers/glue.mjs';
import { answerTo, contextOf, SOURCE } from './awaits.mjs';

export async function load() {
  const { createRunner, getHostFunctionContext } = await import('run');
  const runner = createRunner({ continuationSecret: 'a secret of the bench, 32 bytes or more' });
  const hostFunctions = {
    shop: {
      price(sku) {
        const { interrupt, resume } = getHostFunctionContext();
        if (resume === undefined) interrupt({ sku });
        return resume.resolution;
      },
    },
  };
  const sourceOf = (awaits) =>
    `const $ext = { shop };\nreturn (${plainHandler(SOURCE)})(${JSON.stringify(encodeContext(contextOf(awaits)))});`;

  const waitingOf = (source, { status, interruptions, continuation }) => {
    if (status !== 'interrupted') throw new Error(`expected an interrupted handler: ${status}`);
    const [{ id, payload }] = interruptions;
    return { source, continuation, interruptionId: id, sku: payload.sku };
  };
  const goOn = ({ source, continuation, interruptionId, sku }) =>
    runner.run({ source, hostFunctions, continuation, resolutions: [{ interruptionId, value: answerTo(sku) }] });

  return {
    variants: {
      replay: {
        async prepare(awaits) {
          const source = sourceOf(awaits);
          let result = await runner.run({ source, hostFunctions });
          for (let answered = 1; answered < awaits; answered++) result = await goOn(waitingOf(source, result));
          return waitingOf(source, result);
        },
        resume: async (waiting) => (await goOn(waiting)).value,
        bytes: ({ continuation }) => Buffer.byteLength(continuation),
        /** Its continuations can be used repeatedly. */
        isRepeatable: true,
      },
    },
  };
}

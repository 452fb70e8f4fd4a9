import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, inferCapabilities, type NexusRuntime } from '#src/index.js';
import { MODEL_PROGRAMS, type ModelProgram } from './model-programs.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

const optionsOf = ({ filename, returnLastExpression }: ModelProgram) => ({
  normalise: 'model' as const,
  ...(filename !== undefined && { filename }),
  ...(returnLastExpression && { returnLastExpression }),
});

describe('a program as language models write it', () => {
  it('there are at least 25', () => {
    expect(MODEL_PROGRAMS.length).toBeGreaterThanOrEqual(25);
  });

  it.each(MODEL_PROGRAMS)('$name', async (program) => {
    const { code, args, value, log = [], error, line, rejects } = program;
    const call = runtime.executeHandler(code, { args }, optionsOf(program));
    if (rejects) {
      await expect(call).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message: error });
      return;
    }
    const result = await call;
    expect(result.error?.message).toBe(error);
    expect(result.error?.location?.line).toBe(line);
    if (error === undefined) {
      expect(result.returnValue).toEqual(value);
      expect(result.logs.map(({ message }) => message)).toEqual(log);
    }
  });

  it('needs the capabilities that inference finds in the same way', () => {
    for (const program of MODEL_PROGRAMS) {
      const options = optionsOf(program);
      const isRefused = /^(?:The program|SyntaxError|The default)/.test(program.error ?? '');
      if (isRefused) expect(() => inferCapabilities(program.code, options)).toThrow();
      else expect(inferCapabilities(program.code, options)).toEqual(program.capabilities ?? []);
    }
  });
});

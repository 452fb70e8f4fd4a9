import { describe, it } from 'vitest';

import { expectAsInNode } from '../../support/globals.js';

describe('DOMException', () => {
  it('has the name, message and legacy code that Node gives it', async () => {
    const names = [
      'Error',
      'DataCloneError',
      'QuotaExceededError',
      'AbortError',
      'IndexSizeError',
      'TimeoutError',
      'SyntaxError',
      'Unknown',
      '',
      'URLMismatchError',
      'InvalidNodeTypeError',
      'EncodingError',
    ];
    await expectAsInNode((name: string) => {
      const error = new DOMException('m', name);
      return [error.name, error.message, error.code, String(error), Object.keys(error), error instanceof Error];
    }, names);
    await expectAsInNode(() => [new DOMException().name, new DOMException().message, DOMException.ABORT_ERR], [0]);
    await expectAsInNode(() => {
      const error = new DOMException('m', { name: 'X', cause: 7 } as never);
      return [error.name, error.cause, Object.prototype.toString.call(error), DOMException.name];
    }, [0]);
  });
});

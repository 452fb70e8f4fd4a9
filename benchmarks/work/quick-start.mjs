import { check, context, expected, source } from '../../examples/quick-start/context.mjs';

/** The work of most questions: the first example of the README. */
export const quickStart = { name: 'quick-start', source, context, check, expected: expected.returnValue };

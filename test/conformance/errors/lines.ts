/** Errors whose line is another one than Node's, and why. */
export const OTHER_LINES: Readonly<Record<string, string>> = {
  'missing closing brace': 'a bracket that is never closed is reported where it was opened',
  'unterminated template':
    'The place is where the template begins, which is what is to be mended; Node says where the text ends.',
  'try alone': 'The place is where catch or finally is missed, behind the block; Node says where the block ends.',
  'lonely hash': 'The place is that of the name itself; Node says where the class ends that should have declared it.',
};

/** Errors without a place, and why. */
export const NO_PLACE: Readonly<Record<string, string>> = {};

/** Errors whose column is outside the expression in which Node sees the fault, and why. */
export const OTHER_EXPRESSIONS: Readonly<Record<string, string>> = {};

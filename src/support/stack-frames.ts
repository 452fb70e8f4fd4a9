/** What a name of an error has at most before its message, where the message is looked for in the stack. */
const MAX_NAME_CHARACTERS = 200;
const FRAME_START = '    at ';
const SEPARATOR = ': ';

/** The frames of a stack: it begins with the error's name and message. */
export function framesOf(stack: string, message: unknown): string {
  const start = typeof message === 'string' && message !== '' ? endOfMessage(stack, message) : 0;
  if (start === 0 && stack.startsWith(FRAME_START)) return stack;
  const frames = stack.indexOf(`\n${FRAME_START}`, start);
  return stack.slice(frames === -1 ? start : frames + 1);
}

/** 0 when the stack has no message. Compared where it may begin only: to search for a long text can take as long as the guest likes. */
function endOfMessage(stack: string, message: string): number {
  const separator = stack.slice(0, MAX_NAME_CHARACTERS).indexOf(SEPARATOR);
  for (const start of separator === -1 ? [0] : [0, separator + SEPARATOR.length]) {
    if (stack.startsWith(message, start)) return start + message.length;
  }
  return 0;
}

const MAX_MESSAGE_CHARACTERS = 8 * 1024;

/** Shortens a text that the guest chose, for an error message. */
export function cutText(text: string): string {
  return text.length <= MAX_MESSAGE_CHARACTERS ? text : `${text.slice(0, MAX_MESSAGE_CHARACTERS)}…`;
}

/** The text, with at most so many characters, the last of them an ellipsis if it was longer: a copy, so that a long text is not kept for a short one. */
export function cutCopy(text: string, most: number): string {
  return text.length <= most ? text : Buffer.from(`${text.slice(0, most - 1)}…`).toString();
}

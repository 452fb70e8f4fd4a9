import { BOUNDS, boundedText } from '../source.js';

interface ToolResult {
  readonly content?: readonly unknown[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean | undefined;
}

type Block = Readonly<Record<string, unknown>>;

/**
 * What a program gets for the result of a tool: its structured content, or else its text, parsed if that is JSON. Of several blocks, a list.
 *
 * @throws Error with the text of a result that is an error
 */
export function answerOf({ content = [], structuredContent, isError }: ToolResult, where: string): unknown {
  const blocks = content.map(blockOf);
  if (isError === true) {
    const texts = blocks.map((block) => (typeof block === 'string' ? block : JSON.stringify(block)));
    throw new Error(boundedText(texts.join('\n'), BOUNDS.errorCharacters) || `${where} failed, and did not say why`);
  }
  if (structuredContent !== undefined) return structuredContent;
  if (blocks.length === 0) return undefined;
  return blocks.length === 1 ? parsed(blocks[0]) : blocks.map(parsed);
}

function blockOf(given: unknown): unknown {
  const block = given as Block;
  if (block['type'] === 'text') return block['text'];
  if (block['type'] !== 'resource') return block;
  const { text, uri, mimeType, blob } = (block['resource'] ?? {}) as Block;
  return text ?? { type: 'resource', uri, mimeType, blob };
}

/** A text that is an object or a list in JSON; other texts are texts. */
function parsed(block: unknown): unknown {
  if (typeof block !== 'string' || !/^\s*[[{]/.test(block)) return block;
  try {
    return JSON.parse(block) as unknown;
  } catch {
    return block;
  }
}

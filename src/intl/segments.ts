/** A window of a text, as its guest wants it segmented. */
export interface SegmentedWindow {
  /** Ends of segments, in UTF-16 code units from the start of the window. */
  readonly ends: readonly number[];
  /** A character for each segment: `1` if it is a word. Empty if the granularity is another. */
  readonly words: string;
}

/**
 * Segments a window. If the text goes on after it, the segments near its end are left out, because what follows may
 * change them: the next window begins where these end, after white space if there is any, since words of languages
 * without spaces are found from the start of a run.
 *
 * @returns no segments if the window is too small to say where its first one ends
 */
export function segmentWindow(segmenter: Intl.Segmenter, text: string, isAll: boolean): SegmentedWindow {
  const ends: number[] = [];
  let words = '';
  for (const { index, segment, isWordLike } of segmenter.segment(text)) {
    ends.push(index + segment.length);
    if (isWordLike !== undefined) words += isWordLike ? '1' : '0';
  }
  if (isAll) return { ends, words };
  const kept = keptSegments(text, ends);
  return { ends: ends.slice(0, kept), words: words.slice(0, kept) };
}

const WHITE_SPACE = /\s/;

function keptSegments(text: string, ends: readonly number[]): number {
  // The last of them may go on.
  let most = ends.length - 1;
  const sure = text.length - Math.floor(text.length / 4);
  while (most > 0 && (ends[most - 1] as number) > sure) most--;
  for (let kept = most; kept > 0 && (ends[kept - 1] as number) > text.length / 4; kept--) {
    if (WHITE_SPACE.test(text[(ends[kept - 1] as number) - 1] as string)) return kept;
  }
  return most;
}

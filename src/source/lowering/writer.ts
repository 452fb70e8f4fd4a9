import type { Node } from 'acorn';

/** A part of the rewritten text: a copy of a part of the script, or text that stands for one place in it. */
export interface Piece {
  readonly text: string;
  /** Index into the script. */
  readonly original: number;
  readonly isCopy: boolean;
}

/** A node that is rewritten. */
export interface Target {
  readonly node: Node;
  render(writer: Writer): void;
}

/** Writes a script again with some nodes rewritten; rewritten nodes can be nested. */
export class Writer {
  readonly pieces: Piece[] = [];
  readonly #script: string;
  /** In source order, outer nodes first. */
  readonly #targets: readonly Target[];
  #place = 0;

  constructor(script: string, targets: readonly Target[]) {
    this.#script = script;
    this.#targets = [...targets].sort((a, b) => a.node.start - b.node.start || b.node.end - a.node.end);
  }

  /** Copies `[start, end)` of the script. */
  copy(start: number, end: number): void {
    if (start < end) this.pieces.push({ text: this.#script.slice(start, end), original: start, isCopy: true });
    this.#place = end;
  }

  /** Adds new text. Its place is that of the text copied before. */
  add(text: string): void {
    this.pieces.push({ text, original: this.#place, isCopy: false });
  }

  /** Writes `[start, end)` of the script, with the nodes in it rewritten. */
  range(start: number, end: number, except?: Target): void {
    let at = start;
    for (let i = this.#first(start); i < this.#targets.length; i++) {
      const target = this.#targets[i] as Target;
      const { node } = target;
      if (node.start >= end) break;
      if (node.start < at || node.end > end || target === except) continue;
      this.copy(at, node.start);
      this.#place = node.start;
      target.render(this);
      at = node.end;
      this.#place = at;
    }
    this.copy(at, end);
  }

  /** Index of the first target that starts at `start` or later. */
  #first(start: number): number {
    let [low, high] = [0, this.#targets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#targets[middle] as Target).node.start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

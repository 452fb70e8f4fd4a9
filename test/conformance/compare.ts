import { handlerOf, type Program } from '../engine/conformance/program.js';
import { newestNode } from './columns/nodes.mjs';
import { openColumn } from './columns/source-columns.js';

interface ColumnOutcome {
  readonly kind: string;
  readonly value?: unknown;
  readonly name?: string;
}

interface Column {
  readonly title: string;
  run(body: string, options?: { readonly timeoutMs?: number }): Promise<ColumnOutcome>;
  close(): Promise<void>;
}

interface Columns {
  readonly product: Column;
  readonly unmodified: Column | undefined;
  readonly node: Column;
}

/** What became of a program in each engine, as text. */
export interface Compared {
  readonly product: string;
  /** Undefined if it is left out. */
  readonly unmodified: string | undefined;
  readonly node: string;
}

/** The first Node that has nearly all of ES2025. */
const FIRST_OF_THE_LANGUAGE = 24;
const TIMEOUT_MS = 10_000;
/** Keeps every engine busy. */
const AT_ONCE = 6;

/**
 * It judges nothing beside a Node that has the language: it tells which differences are the engine's own, and is a third of the work.
 * `NEXUS_UNMODIFIED=1` has it always.
 */
const hasUnmodified = () => process.env['NEXUS_UNMODIFIED'] === '1' || newestNode().major < FIRST_OF_THE_LANGUAGE;

/** The product, the unmodified engine if it is needed, and the newest Node, side by side. */
export class Comparison {
  readonly #columns: Columns;
  readonly #features = new Map<string, Promise<boolean>>();

  static async open(): Promise<Comparison> {
    const [product, unmodified, node] = await Promise.all([
      openColumn('product'),
      hasUnmodified() ? openColumn('unmodified') : undefined,
      openColumn('node'),
    ]);
    return new Comparison({ product, unmodified, node });
  }

  private constructor(columns: Columns) {
    this.#columns = columns;
  }

  /** The version of Node that is compared with. */
  get reference(): string {
    return this.#columns.node.title;
  }

  /** Whether that Node is older than the language that handlers have. */
  get isOld(): boolean {
    return Number(/(\d+)\./.exec(this.reference)?.[1]) < FIRST_OF_THE_LANGUAGE;
  }

  /** Undefined if Node does not have what the program needs. */
  async run(program: Program & { readonly needs?: string }): Promise<Compared | undefined> {
    if (program.needs !== undefined && !(await this.#has(program.needs))) return undefined;
    const body = handlerOf(program);
    const { product, unmodified, node } = this.#columns;
    const textOf = async (column: Column) => asText(await column.run(body, { timeoutMs: TIMEOUT_MS }));
    const [ofProduct, ofUnmodified, ofNode] = await Promise.all([
      textOf(product),
      unmodified && textOf(unmodified),
      textOf(node),
    ]);
    return { product: ofProduct, unmodified: ofUnmodified, node: ofNode };
  }

  /** In the order of the programs. */
  async runAll(programs: readonly (Program & { readonly needs?: string })[]): Promise<(Compared | undefined)[]> {
    const compared: (Compared | undefined)[] = [];
    let next = 0;
    const work = async () => {
      while (next < programs.length) {
        const at = next++;
        const program = programs[at];
        if (program !== undefined) compared[at] = await this.run(program);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return compared;
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#columns).map((column) => column?.close()));
  }

  #has(expression: string): Promise<boolean> {
    const known = this.#features.get(expression);
    if (known !== undefined) return known;
    const body = `try { return Boolean(${expression}); } catch { return false; }`;
    const asked = this.#columns.node.run(body).then(({ value }) => value === true);
    this.#features.set(expression, asked);
    return asked;
  }
}

/** A program of ours ends with `[state, text]`; one that does not ends otherwise, and says how. */
function asText({ kind, value, name }: ColumnOutcome): string {
  if (kind === 'value' && Array.isArray(value)) return value.join(' ');
  return kind === 'syntax' ? 'syntax error' : `${kind} ${name ?? ''}`;
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { ErrorCause, WasmError, WasmResult } from '../../api/result.js';
import { invalidOption } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { ExecuteOptions } from '../../execution/request/execute-options.js';
import { DEFAULT_ENTRY } from '../../source/forms/entries.js';
import { codeOfModel } from '../../source/forms/model-text.js';
import { nameOfShape, shapeOf } from '../../source/forms/source-shape.js';
import { renderSnippet, type SourceLocation } from '../../source/source-lines.js';
import { findInlineMap, jsonOfInlineMap } from '../../source/source-map/inline-map.js';
import { type FileLocation, inOriginal, OriginalPlaces } from '../../source/source-map/original-places.js';
import { MAX_MAP_BYTES, SourceMap } from '../../source/source-map/source-map.js';
import type { HandlerSource } from '../handler-source.js';
import { type Instrumented, instrument, MARK } from './instrument.js';
import { lcovOf } from './lcov.js';
import { originalLcovOf } from './original-lcov.js';

/** The ending of the files that a process of tests writes; {@link reportCoverage} joins them. */
export const PART = '.part.info';
/** More than the mark and the number of a block take in a log. */
const BYTES_PER_BLOCK = 32;
const VARIABLE = 'NEXUS_COVERAGE';

/** A handler as it is executed to be counted. */
interface CountedHandler {
  readonly source: HandlerSource;
  /** The source without an inline source map. */
  readonly text: string;
  /** The source map at its end. */
  readonly map: SourceMap | undefined;
  readonly instrumented: Instrumented;
  readonly hits: number[];
}

/** Counts which lines of handlers the tests of this process execute, and writes an lcov file when it ends. */
export class HandlerCoverage {
  readonly #directory: string;
  readonly #handlers = new Map<string, CountedHandler | undefined>();

  private constructor(directory: string) {
    this.#directory = directory;
    process.once('exit', () => this.#write());
  }

  static readonly #known = new Map<string, HandlerCoverage>();

  /**
   * The coverage that goes into a directory.
   *
   * @param given the option `coverage`; without it, the variable NEXUS_COVERAGE counts
   * @returns undefined if nothing is counted
   * @throws NexusError INVALID_CONFIG
   */
  static of(given: unknown = process.env[VARIABLE] || false): HandlerCoverage | undefined {
    if (given === false) return undefined;
    if (typeof given !== 'string' || given === '') {
      throw invalidOption('coverage', given, 'the path of a directory, or false');
    }
    requireParser();
    const directory = resolve(given);
    const known = HandlerCoverage.#known.get(directory) ?? new HandlerCoverage(directory);
    HandlerCoverage.#known.set(directory, known);
    return known;
  }

  /**
   * The handler as it is executed. One that was passed as code has no file whose lines could be counted.
   *
   * @param options of the call, with the `wrap` of the runtime if there is no other
   */
  cover(source: HandlerSource, room: Room, options: ExecuteOptions): CoveredHandler {
    const { path, filename = '' } = source;
    if (path === undefined) return asItIs(source);
    const shape = shapeOf(options, undefined);
    // Of a file that changes meanwhile, and of one that is read in two ways, each is counted apart; the report joins them.
    const key = JSON.stringify([path, shape && nameOfShape(shape), options.normalise, source.code]);
    const known = this.#handlers.get(key);
    if (known !== undefined) return new CountedExecution(known, room);
    const code = options.normalise === 'model' ? codeOfModel(source.code, filename) : source.code;
    const inline = findInlineMap(code);
    const map = inline && SourceMap.openAtOnce(jsonOfInlineMap(inline), MAX_MAP_BYTES);
    const text = inline?.text ?? code;
    const instrumented = instrument(text, filename, shape);
    if (instrumented === undefined) return asItIs(source);
    // Snippets are of the text without prose, as without coverage.
    const hits = instrumented.blocks.map(() => 0);
    const handler = { source: { ...source, code }, text, map, instrumented, hits };
    this.#handlers.set(key, handler);
    return new CountedExecution(handler, room);
  }

  #write(): void {
    const records = [...this.#handlers.values()].flatMap((handler) => {
      if (handler?.source.path === undefined) return [];
      const { source, text, map, instrumented, hits } = handler;
      const counted = { path: source.path as string, source: text, blocks: instrumented.blocks, hits };
      return [map === undefined ? lcovOf(counted) : originalLcovOf(counted, map)];
    });
    if (records.length === 0) return;
    mkdirSync(this.#directory, { recursive: true });
    const name = `handlers-${process.pid}-${threadId}-${Date.now()}${PART}`;
    writeFileSync(join(this.#directory, name), records.join(''));
  }
}

/** A handler that may be counted, for one test. */
export interface CoveredHandler {
  readonly code: string;
  /** Options with room for what counting adds. */
  options(given: ExecuteOptions): ExecuteOptions;
  /** The result without what counting added, in the author's places. */
  restore(result: WasmResult): WasmResult;
}

/** A runtime that may count lines. */
export interface CoveringRuntime {
  /** The handler as it is executed: counted, if coverage is wanted. */
  cover(source: HandlerSource, options: ExecuteOptions): CoveredHandler;
}

/** Limits that counting must not use up: those of the test runtime. */
export interface Room {
  readonly maxLogBytes: number;
  readonly maxHostCalls: number;
}

/** A handler that is not counted. */
export function asItIs({ code }: HandlerSource): CoveredHandler {
  return { code, options: (given) => given, restore: (result) => result };
}

class CountedExecution implements CoveredHandler {
  readonly #handler: CountedHandler;
  readonly #room: Room;
  readonly #places: OriginalPlaces | undefined;

  constructor(handler: CountedHandler, { maxLogBytes, maxHostCalls }: Room) {
    this.#handler = handler;
    this.#places = handler.map && new OriginalPlaces(handler.map, handler.text);
    this.#room = { maxLogBytes, maxHostCalls };
  }

  get code(): string {
    return this.#handler.instrumented.code;
  }

  options(given: ExecuteOptions): ExecuteOptions {
    const { maxLogBytes, maxHostCalls } = { ...this.#room, ...given.limits };
    const { length } = this.#handler.hits;
    const { isBody, returnsLast } = this.#handler.instrumented;
    // What is executed has no prose any more.
    const { entry, normalise: _, ...others } = given;
    const isChosen = entry !== undefined && !(isBody && entry === DEFAULT_ENTRY);
    return {
      ...others,
      ...(returnsLast && { returnLastExpression: true }),
      ...(isChosen && { entry }),
      limits: {
        ...given.limits,
        maxLogBytes: maxLogBytes + length * BYTES_PER_BLOCK,
        maxHostCalls: maxHostCalls + length,
      },
    };
  }

  restore(result: WasmResult): WasmResult {
    const { hits } = this.#handler;
    const logs = result.logs.filter(({ message }) => {
      if (!message.startsWith(MARK)) return true;
      const block = Number(message.slice(MARK.length));
      hits[block] = (hits[block] ?? 0) + 1;
      return false;
    });
    const counted = result.logs.length - logs.length;
    const metrics = { ...result.metrics, hostCalls: Math.max(0, result.metrics.hostCalls - counted) };
    if (result.status !== 'error') return { ...result, logs, metrics };
    return { ...result, logs, metrics, error: this.#error(result.error) };
  }

  #error(error: WasmError): WasmError {
    const location = error.location && this.#handler.instrumented.toAuthor(error.location);
    const compiled = {
      ...error,
      ...(location && { location }),
      ...(location && error.snippet && { snippet: renderSnippet(this.#handler.text, location) }),
    };
    return { ...inOriginal(compiled, this.#places), ...this.#nested(error) };
  }

  #nested({ stack, cause, errors }: WasmError | ErrorCause): Partial<ErrorCause> {
    return {
      ...(stack !== undefined && { stack: this.#stack(stack) }),
      ...(cause && { cause: this.#cause(cause) }),
      ...(errors && { errors: errors.map((each) => this.#cause(each)) }),
    };
  }

  #cause(cause: ErrorCause): ErrorCause {
    const location = cause.location && this.#location(cause.location);
    return { ...cause, ...(location && { location }), ...this.#nested(cause) };
  }

  #stack(stack: string): string {
    const { filename = '' } = this.#handler.source;
    const frame = new RegExp(`(${filename.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}):(\\d+):(\\d+)`, 'g');
    return stack.replaceAll(frame, (_, name: string, line: string, column: string) => {
      const place = this.#location({ line: Number(line), column: Number(column) });
      return `${place.file ?? name}:${place.line}:${place.column}`;
    });
  }

  #location(given: SourceLocation): FileLocation {
    const location = this.#handler.instrumented.toAuthor(given);
    return this.#places?.of(location)?.location ?? location;
  }
}

/** @throws NexusError INVALID_CONFIG */
function requireParser(): void {
  try {
    instrument('', '');
  } catch (cause) {
    throw new NexusError(
      'INVALID_CONFIG',
      'Option coverage needs the package acorn, which nexus-runtime depends on and which cannot be loaded: ' +
        'npm install acorn.',
      { cause, context: { option: 'coverage' } },
    );
  }
}

import { createHash } from 'node:crypto';

import type { SourceOptions, SourceWrap } from '../../api/source-options.js';

/** What is compiled of a source apart from its text. Absent for most. */
export interface SourceShape {
  readonly prologue: string;
  readonly epilogue: string;
  /** Whether there is code around the source. */
  readonly isWrapped: boolean;
  readonly returnsLast: boolean;
  /**
   * Whether a language model wrote it, and may have forgotten to return its value. The prologue then precedes whatever form it has.
   * @default false
   */
  readonly isOfModel?: boolean;
  /** What it may import; absent if nothing. */
  readonly imports?: SourceImports;
}

/** Libraries that a module may import: those of a list, or, if the linker wrote it, all under {@link LIBRARY_SCHEME}. */
export type SourceImports = readonly string[] | 'linked';

/** What a linked source imports from `$lib`: this, followed by the name of the library. */
export const LIBRARY_SCHEME = 'nexus:library/';

/** A source that the linker wrote. It has no code around it. */
export const LINKED = importing('linked');

/** The shape of a source that may import these. */
export function importing(imports: SourceImports): SourceShape {
  return { prologue: '', epilogue: '', isWrapped: false, returnsLast: false, imports };
}

/** @param fallback the shape by the runtime's options */
export function shapeOf(options: SourceOptions, fallback: SourceShape | undefined): SourceShape | undefined {
  const { wrap, returnLastExpression, normalise } = options;
  if (wrap === undefined && returnLastExpression === undefined && normalise === undefined) return fallback;
  const around = wrap === undefined ? fallback : shapeOfWrap(wrap);
  const returnsLast = returnLastExpression === true;
  // With code behind it, that returns the value.
  const isOfModel = normalise === 'model' && (around === undefined || around.epilogue === '') && !returnsLast;
  if (!returnsLast && !isOfModel) return around;
  return { prologue: '', epilogue: '', isWrapped: false, ...around, returnsLast, isOfModel };
}

/** @returns undefined if there is no code around the source */
export function shapeOfWrap({ prologue = '', epilogue = '' }: SourceWrap): SourceShape | undefined {
  return prologue === '' && epilogue === ''
    ? undefined
    : {
        prologue,
        epilogue,
        isWrapped: true,
        returnsLast: false,
        isOfModel: false,
      };
}

/** Names of shapes, by identity: that of a runtime serves all of its calls. */
const names = new WeakMap<SourceShape, string>();
/** A longer name is replaced by its hash: it is kept for each source. */
const MAX_NAME = 200;

/** A part of the key: different shapes have different names. */
export function nameOfShape(shape: SourceShape): string {
  const known = names.get(shape);
  if (known !== undefined) return known;
  const { prologue, epilogue, isWrapped, returnsLast, imports, isOfModel } = shape;
  const text = JSON.stringify([
    prologue,
    epilogue,
    isWrapped,
    returnsLast,
    ...(imports === undefined && !isOfModel ? [] : [imports]),
    ...(isOfModel ? ['model'] : []),
  ]);
  const name = text.length <= MAX_NAME ? text : createHash('sha256').update(text).digest('hex');
  names.set(shape, name);
  return name;
}

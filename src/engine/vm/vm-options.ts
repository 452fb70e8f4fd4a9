import { MIN_MEMORY_LIMIT_BYTES } from '../../config/limits.js';
import { WASM_PAGE_BYTES } from '../binary-interface.js';
import type { InstanceOptions } from '../quickjs-module.js';

export interface VmOptions {
  /** Bound on linear memory, in bytes; at least {@link MIN_MEMORY_LIMIT_BYTES}. */
  readonly memoryLimitBytes: number;
  /** At most {@link MAX_STACK_SIZE_BYTES}: the native stack is as large. */
  readonly stackSizeBytes: number;
  /** Linear memory to begin with, for images that need more than {@link MIN_MEMORY_LIMIT_BYTES}. */
  readonly initialBytes?: number;
  /** `'compilation'` has the parser and nothing else; `'execution'` has everything but the parser. */
  readonly purpose: 'compilation' | 'execution';
}

const INTRINSICS: Record<VmOptions['purpose'], InstanceOptions['intrinsics']> = {
  compilation: { BaseObjects: true, Eval: true, RegExpCompiler: true, RegExp: true, JSON: true },
  execution: {
    BaseObjects: true,
    Date: true,
    Eval: false,
    StringNormalize: true,
    RegExp: true,
    RegExpCompiler: true,
    JSON: true,
    Proxy: true,
    MapSet: true,
    TypedArrays: true,
    Promise: true,
  },
};

export function instanceOptionsOf({ memoryLimitBytes, initialBytes = 0, purpose }: VmOptions): InstanceOptions {
  const least = Math.max(MIN_MEMORY_LIMIT_BYTES, initialBytes);
  return {
    initialPages: Math.ceil(least / WASM_PAGE_BYTES),
    maximumPages: Math.ceil(Math.max(least, memoryLimitBytes) / WASM_PAGE_BYTES),
    intrinsics: INTRINSICS[purpose],
  };
}

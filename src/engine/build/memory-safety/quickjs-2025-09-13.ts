import type { Code } from '../wasm/instructions.js';
import type { FunctionMend } from './function-mend.js';
import { wasm } from './instructions.js';

/**
 * The mends of `quickjs-emscripten` 0.32.0, which is bellard/quickjs f113949 of 2025-12-22. Each mend does
 * what a later commit of QuickJS does, or bounds a size that overflows 32 bits, which 64-bit builds do not
 * meet.
 */

const { get, tee, call, i32Const, i64Const, i32Load, i32Store, i32Shl, select } = wasm;

/** The called functions of the binary, by index. */
const Functions = { assertFail: 0, freeValue: 19, malloc: 39, mallocz: 63 } as const;

/** JSValue: `undefined`, and the lowest value that is a pointer to something with a reference count. */
const UNDEFINED = 12_884_901_888n;
const FIRST_COUNTED = -38_654_705_664n;

const VALUE_BYTES_LOG2 = 3;
const INDEX_BYTES_LOG2 = 2;
/** Items of 8 and of 4 bytes for which 2 GiB of memory have no room: such an allocation fails. */
const TOO_MANY_VALUES = 2 ** 28 - 1;
const TOO_MANY_INDICES = 2 ** 29 - 1;

/** The local, or `bound` if that is less. */
const atMost = (local: number, bound: number): Code[] => [
  get(local),
  i32Const(bound),
  get(local),
  i32Const(bound),
  wasm.i32LtU,
  select,
];

/** Fields of JSObject: the capacity, values and count of an array. */
const FastArray = { values: 36, count: 40 } as const;

const fastArrays: readonly FunctionMend[] = [
  {
    name: 'fast arrays have a size that does not wrap',
    // expand_fast_array: realloc(values, new_size * 8).
    functionIndex: 281,
    edits: [
      {
        from: [tee(0), i32Const(VALUE_BYTES_LOG2), i32Shl],
        to: [wasm.set(0), ...atMost(0, TOO_MANY_VALUES), i32Const(VALUE_BYTES_LOG2), i32Shl],
      },
    ],
  },
  {
    name: 'fast arrays are made with all their slots',
    // js_allocate_fast_array: count = len. The value of all zeros is the number 0.
    functionIndex: 392,
    edits: [
      {
        from: [i64Const(2n ** 31n), wasm.i64GeS],
        to: [i64Const(BigInt(TOO_MANY_VALUES)), wasm.i64GeS],
      },
      {
        from: [get(3), get(4), i32Store(FastArray.count)],
        to: [
          [...get(3), ...i32Load(FastArray.values), ...i32Const(0)],
          [...get(4), ...i32Const(VALUE_BYTES_LOG2), ...i32Shl, ...wasm.memoryFill],
          [...get(3), ...get(4), ...i32Store(FastArray.count)],
        ],
      },
    ],
  },
];

const proxies: FunctionMend = {
  name: 'the keys of a proxy have a size that does not wrap',
  // js_proxy_get_own_property_names: mallocz(len * 8).
  functionIndex: 902,
  edits: [
    {
      from: [get(10), i32Const(VALUE_BYTES_LOG2), i32Shl, call(Functions.mallocz)],
      to: [...atMost(10, TOO_MANY_VALUES), i32Const(VALUE_BYTES_LOG2), i32Shl, call(Functions.mallocz)],
    },
  ],
};

const typedArraySort: FunctionMend = {
  name: 'the indices of a sort have a size that does not wrap',
  // js_typed_array_sort: malloc(len * 4).
  functionIndex: 634,
  edits: [
    {
      from: [get(4), i32Const(INDEX_BYTES_LOG2), i32Shl, call(Functions.malloc)],
      to: [...atMost(4, TOO_MANY_INDICES), i32Const(INDEX_BYTES_LOG2), i32Shl, call(Functions.malloc)],
    },
  ],
};

/** Fields of BlockEnv, in the frame of the function. */
const Block = { hasIterator: 108, dropCount: 96 } as const;
const FRAME = 3;
const IS_FOR_OF = 7;

const hasIterator: Code[] = [
  [...get(FRAME), ...get(FRAME), ...wasm.i32Load8(Block.hasIterator), ...i32Const(1), ...wasm.i32Or],
  wasm.i32Store8(Block.hasIterator),
  [...get(FRAME), ...get(FRAME), ...i32Load(Block.dropCount), ...i32Const(2), ...wasm.i32Add],
  i32Store(Block.dropCount),
];
const forOfStart: Code[] = [get(0), i32Load(52), i32Const(123), i32Const(124), get(1), select];

const forOf: FunctionMend = {
  name: 'a loop has an iterator only once it is made',
  // js_parse_for_in_of: a `yield` in the expression after `of` would close an iterator that does not exist
  // yet.
  functionIndex: 229,
  edits: [
    { from: hasIterator, to: [] },
    { from: forOfStart, to: [get(IS_FOR_OF), wasm.if(...hasIterator), ...forOfStart] },
  ],
};

const asyncGenerators: FunctionMend = {
  name: 'an async generator that ended is not resumed',
  // js_async_generator_resolve_function: assert(s->state == JS_ASYNC_GENERATOR_STATE_EXECUTING).
  functionIndex: 998,
  edits: [
    {
      from: [
        [...i32Const(20_074), ...i32Const(18_527), ...i32Const(21_105), ...i32Const(10_840)],
        [...call(Functions.assertFail), ...wasm.unreachable],
      ],
      to: [i64Const(UNDEFINED)],
    },
  ],
};

const backtraces: FunctionMend = {
  name: 'an error is kept while its stack is written',
  // build_backtrace: if memory runs out, another error replaces the one that was passed in.
  functionIndex: 348,
  wrapper: (original) => [
    [...get(1), ...i64Const(FIRST_COUNTED), ...wasm.i64GeU],
    wasm.if(
      [...get(1), ...wasm.i32WrapI64],
      [...get(1), ...wasm.i32WrapI64, ...i32Load(0), ...i32Const(1), ...wasm.i32Add, ...i32Store(0)],
    ),
    ...[0, 1, 2, 3, 4, 5].map(get),
    call(original),
    [...get(0), ...get(1), ...call(Functions.freeValue), ...wasm.end],
  ],
};

/** Out of memory, a regular expression is written past its buffer: the run is ended instead. */
const traps = (functionIndex: number, size: number, allocation: Code): FunctionMend => ({
  name: 'a regular expression that finds no memory ends the run',
  functionIndex,
  edits: [{ from: [allocation, wasm.end], to: trapOnFailure(allocation, size) }],
});

const trapOnFailure = (allocation: Code, size: number): Code[] => [
  allocation,
  [...tee(0), ...wasm.i32Eqz, ...get(size), ...i32Const(0), ...wasm.i32Ne, ...wasm.i32And],
  wasm.if(wasm.unreachable),
  [...get(0), ...wasm.end],
];

/** The end of lre_realloc: a call of `js_realloc(state, pointer, size)` through the allocator's table. */
const reallocate: Code = [...get(1), ...get(2), ...get(0), ...i32Load(8), ...wasm.callIndirect(1)];
/** The same with a limit, inside a condition. */
const elseNothing: Code = [0x05, ...i32Const(0), ...wasm.end];

export const MENDS: readonly FunctionMend[] = [
  ...fastArrays,
  proxies,
  typedArraySort,
  forOf,
  asyncGenerators,
  backtraces,
  traps(887, 2, reallocate),
  traps(888, 2, [...reallocate, ...elseNothing]),
];

/** A handler that is ready to run. */
export interface CompiledHandler {
  /** Hex SHA-256 of all its bytes depend on; also the name of its file in the disk tier. */
  readonly key: string;
  readonly filename: string;
  readonly source: string;
  /** In memory that every worker sees, so that it is never copied. */
  readonly bytecode: Uint8Array<SharedArrayBuffer>;
}

/** A handler and how it was come by. */
export interface CompileResult extends CompiledHandler {
  /** Where it was found; absent when it had to be compiled. */
  readonly tier?: 'memory' | 'disk';
  /** From the call until the bytecode was at hand, in microseconds. */
  readonly compilationTimeUs: number;
}

/** Of a handler that is not executed from its beginning. */
export const EMPTY_BYTECODE = new Uint8Array(new SharedArrayBuffer(0));

/** What one worker of the pool does right now. */
export interface WorkerStatus {
  /** The same as long as the worker lives. */
  readonly id: number;
  /** `'working'`: it has work that is neither a handler nor a compilation, or is between two. */
  readonly state: 'starting' | 'idle' | 'compiling' | 'executing' | 'working';
  /** Of the handler that it executes, if the caller named it: `context.handlerName`. */
  readonly handlerName?: string;
  /** For whom it executes. */
  readonly tenant?: string;
  /** How long it has been at that, in milliseconds. */
  readonly runningMs?: number;
  /** Linear memory of its VMs, in bytes. */
  readonly memoryBytes: number;
}

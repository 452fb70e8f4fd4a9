import type { EngineEditor } from './engine-editor.js';

/** One fault of the engine, put right in its binary. */
export interface Mend {
  /** What is right with it; part of the table of an engine that needs it. */
  readonly name: string;
  /** @throws PatternError when the engine has not the code that is at fault, or has it in another form */
  apply(engine: EngineEditor): void;
}

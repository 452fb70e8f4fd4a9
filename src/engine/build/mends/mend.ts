import type { EngineEditor } from './engine-editor.js';

/** The correction of one fault in the engine's binary. */
export interface Mend {
  /** The corrected behaviour; part of the table of an engine that needs the mend. */
  readonly name: string;
  /** @throws PatternError if the engine does not have the faulty code, or has it in another form */
  apply(engine: EngineEditor): void;
}

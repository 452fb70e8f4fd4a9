// What the playground and its page say to each other, as JSON. All texts are cut by the server.

/** `GET /project`. */
export interface ProjectView {
  /** Handlers that can be opened, from the folder that is served. */
  readonly files: readonly string[];
  /** What precedes their names for the runtime: `handlers/`. */
  readonly base: string;
  /** The one that is opened first. */
  readonly file?: string;
  /** A recording that is opened first. */
  readonly recording?: string;
  /** Methods of the extensions that calls go to, by extension. */
  readonly extensions: Readonly<Record<string, readonly string[]>>;
  /** The version of the TypeScript that completes and checks; absent if none is installed. */
  readonly typescript?: string;
  /** JSON texts of the command line. */
  readonly inputs: Inputs;
}

/** The input of a case as JSON texts; an empty text is undefined. */
export interface Inputs {
  readonly args: string;
  readonly state: string;
  readonly scope: string;
}

/** `GET /file`. `PUT /file` takes the same, and answers with the new `version`, or `isChanged`. */
export interface FileView {
  readonly name: string;
  readonly text: string;
  /** Changes when the file does. */
  readonly version: string;
}

/** An answer that was typed in. */
export interface GivenAnswer {
  readonly callId: string;
  readonly success: boolean;
  /** A JSON text, or the message of an error. */
  readonly text: string;
}

/** `POST /run`. */
export interface RunRequest {
  readonly code: string;
  readonly filename: string;
  /** Absent: those of the recording. */
  readonly inputs?: Inputs;
  /** Capabilities that are inferred and not granted. */
  readonly denied?: readonly string[];
  /** Goes on from a step of what was run before: its answers up to there, its clock and its randomness. */
  readonly from?: {
    readonly recording: string;
    /** Segments that are repeated; the rest is live. */
    readonly segments: number;
  };
  readonly answers?: readonly GivenAnswer[];
  /** Whether extensions are called when there are no more recorded answers. @default true */
  readonly isLive?: boolean;
}

/** A line of the answer to `POST /run`. */
export type RunEvent =
  | { readonly kind: 'step'; readonly step: StepView }
  | { readonly kind: 'end'; readonly end: EndView }
  | { readonly kind: 'refused'; readonly message: string; readonly field?: string };

/** An answer with which a segment began. */
export interface AnswerView {
  readonly callId: string;
  /** The call as it is written: `$ext.rates.get("EUR")`; or what the runtime did. */
  readonly call: string;
  readonly success: boolean;
  readonly text: string;
  readonly source: 'extension' | 'recorded' | 'given' | 'runtime';
  /** Since the start of the run, in milliseconds. Absent for what was not waited for now. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** A call that waits. */
export interface WaitingView {
  readonly callId: string;
  readonly call: string;
  /** `rates.get` */
  readonly method: string;
  /** Whether an extension answers it. */
  readonly hasExtension: boolean;
}

/** A difference of the state. */
export interface ChangeView {
  readonly path: string;
  readonly before?: string;
  readonly after?: string;
}

/** A segment: from the start, or from an `await`, to the next one or the end. */
export interface StepView {
  readonly index: number;
  readonly answers: readonly AnswerView[];
  /** Since the start of the run, in milliseconds. */
  readonly atMs: number;
  /** In the VM. */
  readonly durationUs: number;
  /** What the handler's clock said. */
  readonly nowMs: number;
  readonly isRepeated: boolean;
  readonly changes: readonly ChangeView[];
  /** The state after it, as JSON text. */
  readonly state: string;
  readonly events: readonly { readonly name: string; readonly text: string }[];
  readonly views: readonly { readonly name: string; readonly text: string }[];
  readonly logs: readonly { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }[];
  /** Effects that are not shown, because there are too many. */
  readonly omitted: number;
  readonly waitingFor: readonly WaitingView[];
  /** When the first timer is due, in milliseconds since the epoch. */
  readonly wakeAtMs?: number;
}

export interface CodePlace {
  readonly line: number;
  readonly column: number;
}

export interface EndView {
  /** With `suspended` the handler waits for calls that nothing answers. */
  readonly status: 'success' | 'error' | 'suspended';
  readonly returned?: string;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly place?: CodePlace;
    readonly snippet?: string;
    /** The one that is missing. */
    readonly capability?: string;
    readonly remedy?: string;
  };
  /** The id of the recording; absent if it has values that cannot be recorded. */
  readonly recording?: string;
  /** Those that it had. */
  readonly capabilities: readonly string[];
  readonly durationUs: number;
  readonly memoryBytes: number;
  readonly instructions: number;
  readonly compiledUs?: number;
  readonly notes: readonly string[];
}

/** `POST /analyse`. */
export interface AnalysisView {
  readonly capabilities: readonly {
    readonly capability: string;
    readonly reasons: readonly (CodePlace & { readonly reason: string })[];
  }[];
  readonly problems: readonly ProblemView[];
}

export interface ProblemView extends CodePlace {
  /** Of the end. */
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly source: 'nexus' | 'typescript';
}

/** `POST /complete`. */
export interface CompletionView {
  readonly options: readonly { readonly label: string; readonly kind: string }[];
}

/** `POST /hover`. */
export interface HoverView {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly documentation: string;
}

/** `POST /recordings`. */
export interface OpenedRecording {
  readonly recording: string;
  readonly filename: string;
  readonly code: string;
  readonly segments: number;
  readonly inputs: Inputs;
  /** Whether the texts say all of the inputs, and can be edited. */
  readonly areExact: boolean;
  readonly recordedAtMs: number;
}

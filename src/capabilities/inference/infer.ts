import type { CapabilityToken } from '../../api/capability.js';
import type { ErrorLocation } from '../../api/result.js';
import type { SourceOptions } from '../../api/source-options.js';
import { invalidArgument, readArgument, rejectUnknownKeys } from '../../config/check.js';
import { checkSourceOptions, SOURCE_OPTION_KEYS } from '../../config/source-options.js';
import { NexusError } from '../../errors/nexus-error.js';
import { codeOfModel } from '../../source/forms/model-text.js';
import { type SourceShape, shapeOf } from '../../source/forms/source-shape.js';
import { requireFilename, requireSource } from '../../source/source-check.js';
import { SourceLines } from '../../source/source-lines.js';
import { type FileLocation, inOriginal, OriginalPlaces } from '../../source/source-map/original-places.js';
import { authorLocationAt } from '../../source/wrapper.js';
import type { LibraryNeeds } from '../library-needs.js';
import { parseToken } from '../token.js';
import { analyse } from './analysis.js';
import { demandLibraries } from './library-uses.js';
import { isTooLarge } from './syntax/size.js';
import { BEGINNING, parseHandler } from './syntax/syntax.js';
import { Demands, EverythingDemanded } from './values/demands.js';

/** A place in the handler that needs a capability, in the author's text, as places of errors are. */
export interface CapabilityReason extends ErrorLocation {
  /** The operation at this place: `$state.total is written`, `$state escapes into a call`. */
  readonly reason: string;
}

export interface ExplainedCapability {
  readonly capability: CapabilityToken;
  /** Sorted by their place in the source. */
  readonly reasons: readonly CapabilityReason[];
}

export interface InferenceOptions extends SourceOptions {
  /**
   * The file name, as for `executeHandler`: a handler in a file `*.ts`, `*.mts` or `*.cts` is TypeScript.
   * @default 'handler.js'
   */
  readonly filename?: string;
  /**
   * What the functions of libraries need, by the name of the library: it counts for handlers that name the library. `inferCapabilities` of
   * a runtime knows its own. @default nothing
   */
  readonly libraries?: LibraryNeeds;
}

/**
 * Infers the capabilities that a handler needs at most, without running it. With them it is never denied,
 * whatever its arguments. If a name cannot be determined, the token ends in `*`; {@link explainCapabilities}
 * says why.
 *
 * @param code the handler, as `executeHandler` takes it; of a module, what all its exports need
 * @param options the file name, which is needed for TypeScript
 * @returns sorted; none is covered by another
 * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT
 */
export function inferCapabilities(code: string, options: InferenceOptions = {}): CapabilityToken[] {
  return demandsOf(code, options, false).demands.tokens();
}

/** {@link inferCapabilities} for a source as the compiler has it: with what it imports. */
export function inferShaped(
  source: string,
  filename: string,
  shape: SourceShape | undefined,
  libraries?: LibraryNeeds,
): CapabilityToken[] {
  return analysed(source, filename, shape, libraries, false).demands.tokens();
}

/**
 * {@link inferCapabilities} with the places in the source that need each capability.
 *
 * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT
 */
export function explainCapabilities(code: string, options: InferenceOptions = {}): ExplainedCapability[] {
  const { demands, inScript } = demandsOf(code, options, true);
  const lines = new SourceLines(code);
  const places = OriginalPlaces.in(code);
  return demands.tokens().map((capability) => ({
    capability,
    reasons: demands.reasonsFor(capability).map(({ at, reason }) => {
      const location: FileLocation = authorLocationAt(inScript(at.start), lines);
      return { ...(places?.of(location)?.location ?? location), reason };
    }),
  }));
}

interface Inferred {
  readonly demands: Demands;
  /** The index into the wrapped source of a node of the demands. */
  readonly inScript: (offset: number) => number;
}

function demandsOf(code: string, options: InferenceOptions, isExplained: boolean): Inferred {
  requireSource(code);
  const { filename, libraries, ...shaping } = readOptions(options);
  const source = shaping.normalise === 'model' ? codeOfModel(code, filename ?? '') : code;
  return analysed(source, filename, shapeOf(shaping, undefined), libraries, isExplained);
}

function analysed(
  source: string,
  filename: string | undefined,
  shape: SourceShape | undefined,
  libraries: LibraryNeeds | undefined,
  isExplained: boolean,
): Inferred {
  const demands = new Demands(isExplained);
  let inScript: Inferred['inScript'] = (offset) => offset;
  try {
    if (isTooLarge(shape === undefined ? source : `${shape.prologue}\n${source}\n${shape.epilogue}`)) {
      demands.everything(BEGINNING, 'too large to be followed');
    } else {
      const parsed = parseHandler(source, filename, shape);
      inScript = parsed.inScript;
      if (libraries !== undefined) demandLibraries(parsed.handler, libraries, demands);
      analyse(parsed.handler, demands);
    }
  } catch (error) {
    if (error instanceof RangeError) demandAll(demands);
    else if (!(error instanceof EverythingDemanded)) throw error instanceof NexusError ? located(error, source) : error;
  }
  return { demands, inScript };
}

/** An error of syntax with its place in the author's files. */
function located(error: NexusError, source: string): NexusError {
  const { location } = error.context;
  const places = location === undefined ? undefined : OriginalPlaces.in(source);
  if (places === undefined) return error;
  return new NexusError(error.code, error.message, { context: inOriginal(error.context, places) });
}

/** After a stack overflow: the source is nested too deeply for the parser, but may still be a valid handler. */
function demandAll(demands: Demands): void {
  try {
    demands.everything(BEGINNING, 'too deeply nested to be followed');
  } catch (error) {
    if (!(error instanceof EverythingDemanded)) throw error;
  }
}

function readOptions(options: InferenceOptions): InferenceOptions {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', options, 'an object');
  return readArgument('options', () => {
    const known = ['filename', 'libraries', ...Object.keys(SOURCE_OPTION_KEYS)];
    rejectUnknownKeys(options, known, 'options.', 'INVALID_ARGUMENT');
    const { filename, libraries, wrap, returnLastExpression, normalise } = options;
    if (libraries !== undefined) checkLibraries(libraries);
    if (filename !== undefined) requireFilename(filename);
    const shaping = {
      ...(wrap !== undefined && { wrap }),
      ...(returnLastExpression !== undefined && { returnLastExpression }),
      ...(normalise !== undefined && { normalise }),
    };
    checkSourceOptions(shaping);
    return {
      ...(filename !== undefined && { filename }),
      ...(libraries !== undefined && { libraries }),
      ...shaping,
    };
  });
}

function checkLibraries(libraries: unknown): void {
  if (typeof libraries !== 'object' || libraries === null || Array.isArray(libraries)) {
    throw invalidArgument(
      'options.libraries',
      libraries,
      'an object of lists of capabilities by the name of the library',
    );
  }
  for (const [name, tokens] of Object.entries(libraries)) {
    if (!Array.isArray(tokens)) throw invalidArgument(`options.libraries.${name}`, tokens, 'a list of capabilities');
    for (const token of tokens as unknown[]) {
      if (parseToken(token) === undefined)
        throw invalidArgument(`options.libraries.${name}`, token, 'a list of capabilities');
    }
  }
}

import type { CapabilityToken } from '../api/capability.js';
import { type InferenceOptions, inferCapabilities, inferShaped } from '../capabilities/inference/infer.js';
import { NexusError } from '../errors/nexus-error.js';
import type { Linker } from '../linker/linker.js';
import { codeOfModel } from '../source/forms/model-text.js';
import { shapeOf } from '../source/forms/source-shape.js';

/**
 * Infers the capabilities of a handler that may import libraries of the image.
 *
 * @throws NexusError as {@link inferCapabilities}; COMPILATION_ERROR with the remedy for one that imports files
 */
export function inferImporting(
  code: string,
  options: InferenceOptions | undefined,
  linker: Linker | undefined,
): CapabilityToken[] {
  try {
    return inferCapabilities(code, options);
  } catch (error) {
    if (linker === undefined || !importsMore(error)) throw error;
  }
  // The options were checked.
  const { filename = '', libraries, ...shaping } = options ?? {};
  const source = shaping.normalise === 'model' ? codeOfModel(code, filename) : code;
  try {
    return inferShaped(source, filename, linker.shapeOf(shapeOf(shaping, undefined)), libraries);
  } catch (error) {
    if (!importsMore(error)) throw error;
    const message = `${error.message.replace(/\.?$/, '.')} Of a handler that imports files, \`await runtime.describeHandler(code)\` tells the capabilities.`;
    throw new NexusError('COMPILATION_ERROR', message, { context: error.context ?? {} });
  }
}

function importsMore(error: unknown): error is NexusError {
  return error instanceof NexusError && error.context?.['importsMore'] === true;
}

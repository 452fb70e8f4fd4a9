import { readFile } from 'node:fs/promises';
import { NexusError } from '../../errors/nexus-error.js';
import { renderReason } from '../../support/render-reason.js';
import { readLimited } from './read-limited.js';

const MAX_DOCUMENT = 32 * 1024 * 1024;
const TO_JSON = 'convert it, for example with: npx yaml --json --single < openapi.yaml > openapi.json';

/** What is read of an OpenAPI document. Everything in it may be missing, or something else. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Reads an OpenAPI document as JSON.
 *
 * @param place a path, or a URL
 * @throws NexusError INVALID_CONFIG that says what is wrong with it
 */
export async function readDocument(place: string, timeoutMs: number): Promise<Json> {
  const text = /^https?:/.test(place) ? await fetchText(place, timeoutMs) : await fileText(place);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const isYaml = /^\s*(openapi|swagger|info)\s*:/m.test(text);
    throw fault(
      place,
      isYaml ? `is YAML, and only JSON is read; ${TO_JSON}` : `is not JSON: ${(cause as Error).message}`,
      cause,
    );
  }
  const { openapi, swagger } = (document ?? {}) as Json;
  if (typeof openapi === 'string' && openapi.startsWith('3.')) return document as Json;
  if (swagger !== undefined) throw fault(place, 'is of Swagger 2; convert it to OpenAPI 3');
  throw fault(place, 'is no OpenAPI 3 document: it has no "openapi": "3.…"');
}

export function fault(place: string, what: string, cause?: unknown): NexusError {
  return new NexusError('INVALID_CONFIG', `The OpenAPI document ${place} ${what}.`, {
    context: { file: place },
    cause,
  });
}

async function fileText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fault(path, error.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${error.message}`, error);
  });
}

async function fetchText(url: string, timeoutMs: number): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return await readLimited(response, MAX_DOCUMENT);
  } catch (error) {
    throw fault(url, `cannot be fetched: ${renderReason(error)}`, error);
  }
}

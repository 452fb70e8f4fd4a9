import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};
/** Exists in memory only; here, so that it finds the types. */
const FILE = fileURLToPath(new URL('manifests.ts', import.meta.url));

/**
 * What is wrong with manifests: fields that are unknown, missing or of another type.
 *
 * The types of `kubernetes-types` are generated from Kubernetes' OpenAPI document, and the compiler checks an object literal
 * as strictly as `kubectl` checks a manifest: what no type names is an error.
 */
export function findSchemaProblems(manifests: readonly Manifest[]): string[] {
  const text = manifests.map(toDeclaration).join('\n');
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === FILE || fileExists.call(host, name);
  host.getSourceFile = (name, ...rest) =>
    name === FILE ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile.call(host, name, ...rest);
  const program = ts.createProgram([FILE], OPTIONS, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

function toDeclaration(manifest: Manifest, index: number): string {
  const { apiVersion, kind } = manifest;
  const module = apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`;
  // Optional in the types; a manifest must have both.
  const type = `import('kubernetes-types/${module}').${kind} & { apiVersion: string; kind: string }`;
  return `export const manifest${index}: ${type} = ${JSON.stringify(manifest)};`;
}

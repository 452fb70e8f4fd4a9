/**
 * Kits to run what was written for other sandboxes: scripts of n8n's Code node, of Directus "Run Script", of isolated-vm and of vm2.
 *
 * @module nexus-runtime/migrate
 */
export { type MigrateFilesOptions, migrateFiles } from './codemod/migrate-files.js';
export {
  type HostPlace,
  type MigratedCode,
  type MigrateOptions,
  migrateHostCode,
} from './codemod/migrate-host-code.js';
export { type DirectusInput, type DirectusOptions, type DirectusRunScriptKit, directusRunScript } from './directus.js';
export { type EvaluateOptions, evaluateScript } from './evaluate-script.js';
export type { ExtensionTargets, RequirableModules, ScriptKit } from './kit.js';
export type { N8nItem, N8nMode } from './n8n/items.js';
export { type N8nCodeKit, type N8nCodeOptions, type N8nExecution, type N8nInput, n8nCode } from './n8n/n8n-code.js';
export {
  type CommonJsOptions,
  commonJsModule,
  type IsolatedVmOptions,
  isolatedVmScript,
  type SandboxKit,
  type SandboxOptions,
  sandboxScript,
} from './sandbox-scripts.js';

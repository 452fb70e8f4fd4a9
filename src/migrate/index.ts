/**
 * Kits to run what was written for other sandboxes: scripts of n8n's Code node, of Directus "Run Script", of isolated-vm and of vm2.
 *
 * @module
 */
export { type DirectusInput, type DirectusOptions, type DirectusRunScriptKit, directusRunScript } from './directus.js';
export type { ExtensionTargets, RequirableModules, ScriptKit } from './kit.js';
export type { N8nItem, N8nMode } from './n8n/items.js';
export { type N8nCodeKit, type N8nCodeOptions, type N8nInput, n8nCode } from './n8n/n8n-code.js';
export {
  type CommonJsOptions,
  commonJsModule,
  type IsolatedVmOptions,
  isolatedVmScript,
  type SandboxKit,
  type SandboxOptions,
  sandboxScript,
} from './sandbox-scripts.js';

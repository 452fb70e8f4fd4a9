/**
 * Types of an application for handlers in editors, and a check of handlers for build steps.
 *
 * @module nexus-runtime/typescript
 */
export { checkHandlers, type HandlerProblem } from './check-handlers.js';
export { type HandlerTypesOptions, handlerTypes } from './handler-types.js';

export { checkHandlers, type HandlerProblem } from './check-handlers.js';
export { type HandlerTypesOptions, handlerTypes } from './handler-types.js';

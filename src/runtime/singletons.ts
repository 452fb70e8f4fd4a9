// What there is one of in a process, whichever entries of the package it imports: the bundles that have all else for themselves share this.

export { explainMissingFile } from '../errors/left-behind.js';
export { NexusError } from '../errors/nexus-error.js';
export { currentCall, withCall } from './run/current-call.js';

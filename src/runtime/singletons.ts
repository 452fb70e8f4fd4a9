// State that exists once per process, whichever entries of the package are imported. The bundles share this
// file; everything else is in each of them.

export { NexusError } from '../errors/nexus-error.js';
export { currentCall, withCall } from './run/current-call.js';

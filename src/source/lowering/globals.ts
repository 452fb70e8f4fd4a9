/**
 * Globals that rewritten code calls. They belong to features, so only images of handlers with such code
 * contain them.
 */
export const FOR_AWAIT = '$forAwait';
export const USING = '$using';

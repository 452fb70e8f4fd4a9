/** Globals that lowered code calls. They belong to features, so that only images of handlers that have such code hold them. */
export const FOR_AWAIT = '$forAwait';
export const USING = '$using';

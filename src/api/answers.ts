/** The answer to an extension call. */
export type AsyncResult =
  | { readonly success: true; readonly value?: unknown }
  | {
      readonly success: false;
      /** Thrown at the handler's `await` with its name and message. A string is used as the message. */
      readonly error: unknown;
    };

/** The answer to one of several calls. */
export type CallResult = AsyncResult & { readonly callId: string };

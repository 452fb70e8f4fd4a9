/** The answer to a call of an extension. */
export type AsyncResult =
  | { readonly success: true; readonly value?: unknown }
  | {
      readonly success: false;
      /** Thrown at the handler's `await` with its name and message. A text is a message. */
      readonly error: unknown;
    };

/** The answer to one of several calls. */
export type CallResult = AsyncResult & { readonly callId: string };

/** A value that cannot be passed into the VM. `path` starts with the root name that the encoder got. */
export class NotTransferableError extends Error {
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`${path} ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

/** The same, before its place is known. */
export class NotTransferable extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

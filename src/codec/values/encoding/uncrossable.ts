/** A value that cannot cross into the VM. `path` starts with what the encoder was told the root is called. */
export class UncrossableValueError extends Error {
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`${path} ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

/** The same, before it is known where it is. */
export class Uncrossable extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

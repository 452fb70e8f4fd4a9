/** What the store uses of a client: a `Redis` or `Cluster` of ioredis has it. */
export interface RedisLike {
  /** Sends a command, and gives texts of the answer as bytes. */
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  /** Whether it is of a Cluster. */
  readonly isCluster?: boolean;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  off?(event: 'error', listener: (error: Error) => void): unknown;
  /** The nodes of a Cluster. */
  nodes?(role: 'master'): readonly RedisLike[];
  /** Another connection to the same server, for `replicas`. */
  duplicate?(overrides: never): unknown;
}

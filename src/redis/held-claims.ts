/** More than a process has at a time. */
const MAX_HELD = 100_000;

/**
 * The nonces of claims that this process has. A failover may take a claim back and give its fence to another claimant: the nonce tells them
 * apart.
 */
export class HeldClaims {
  readonly #nonces = new Map<string, string>();

  add(id: string, fence: number, nonce: string): void {
    this.#nonces.set(`${id} ${fence}`, nonce);
    for (const oldest of this.#nonces.keys()) {
      if (this.#nonces.size <= MAX_HELD) break;
      this.#nonces.delete(oldest);
    }
  }

  /** Empty for a claim of another process: then the fence alone counts. */
  nonceOf(id: string, fence: number): string {
    return this.#nonces.get(`${id} ${fence}`) ?? '';
  }

  remove(id: string, fence: number): void {
    this.#nonces.delete(`${id} ${fence}`);
  }
}

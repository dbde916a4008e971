import { inspect } from 'node:util'
import { keepSecret, type Secret, type SecretKind } from './locked-memory-secret.ts'

const HIDDEN = '[secret]'

/**
 * The value of a secret on its way through this process: in locked memory where there is any, lent and never handed
 * out, and masked wherever something turns it into text.
 */
export class SecretValue implements Secret {
  readonly #held: Secret
  readonly sizeBytes: number

  /** Moves the bytes out of the heap: `source` is zero afterwards. */
  static take(source: Uint8Array): SecretValue {
    return new SecretValue(source)
  }

  private constructor(source: Uint8Array) {
    this.sizeBytes = source.length
    this.#held = keepSecret(source)
  }

  get kind(): SecretKind {
    return this.#held.kind
  }

  /** Lends the bytes until `act` returns; what it makes of them it must wipe itself. */
  use<T>(act: (bytes: Uint8Array) => T): T {
    return this.#held.use(act)
  }

  /** A copy for whoever hands it on: they wipe it. */
  copy(): Uint8Array {
    return this.#held.use((bytes) => Uint8Array.from(bytes))
  }

  mac(text: string): Buffer {
    return this.#held.mac(text)
  }

  close(): void {
    this.#held.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [Symbol.toPrimitive](): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

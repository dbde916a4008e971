import { createHmac } from 'node:crypto'
import { KnownError } from '../core/error.ts'
import { LockedBuffer, type LockedKind } from './locked-memory.ts'

/** Where a secret lies: in locked memory of some kind, or, where there is none, in the ordinary heap. */
export type SecretKind = LockedKind | 'heap'

/** A shared secret that does its work where it lies and is never handed out. */
export interface Secret {
  readonly kind: SecretKind
  /** Lends the bytes until `act` returns; what it makes of them it must wipe itself. */
  use<T>(act: (bytes: Uint8Array) => T): T
  /** HMAC-SHA-256. */
  mac(text: string): Buffer
  /** Wipes it; whoever uses it afterwards is refused. */
  close(): void
}

/**
 * Moves a secret out of the heap: `source` is zero afterwards. Where no memory can be locked it stays in a buffer of its
 * own, which `kind` says: a machine without locked memory still has to work, but never unseen.
 */
export function keepSecret(source: Uint8Array): Secret {
  const held = hold(source)
  return {
    kind: held.kind,
    use: (act) => held.use(act),
    mac: (text) => held.use((bytes) => createHmac('sha256', bytes).update(text).digest()),
    close: () => held.close(),
  }
}

function hold(source: Uint8Array): Pick<Secret, 'kind' | 'use' | 'close'> {
  // a copy for the case that there is none, since taking wipes the source whatever happens
  const spare = Uint8Array.from(source)
  try {
    return LockedBuffer.take(source, { allowUnlocked: true })
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    return heapBytes(Uint8Array.from(spare))
  } finally {
    spare.fill(0)
  }
}

function heapBytes(bytes: Uint8Array): Pick<Secret, 'kind' | 'use' | 'close'> {
  const state = { isClosed: false }
  return {
    kind: 'heap',
    use: (act) => {
      if (state.isClosed) throw new Error('a secret is used after it was closed')
      return act(bytes)
    },
    close: () => {
      state.isClosed = true
      bytes.fill(0)
    },
  }
}

/**
 * The bytes behind hexadecimal digits, without the text ever being a string, which nothing could wipe.
 *
 * @returns undefined unless `text` is exactly `sizeBytes` bytes in lower-case digits and a line break
 */
export function bytesFromHex(text: Uint8Array, sizeBytes: number): Uint8Array | undefined {
  if (text.length !== sizeBytes * 2 + 1 || text.at(-1) !== 10) return undefined
  const bytes = new Uint8Array(sizeBytes)
  for (let i = 0; i < sizeBytes; i += 1) {
    const [high, low] = [digitOf(text[2 * i]), digitOf(text[2 * i + 1])]
    if (high === undefined || low === undefined) {
      bytes.fill(0)
      return undefined
    }
    bytes[i] = high * 16 + low
  }
  return bytes
}

function digitOf(code = 0): number | undefined {
  if (code >= 48 && code <= 57) return code - 48
  return code >= 97 && code <= 102 ? code - 87 : undefined
}

/** The other way, with a line break at the end; whoever has written it wipes it. */
export function hexFromBytes(bytes: Uint8Array): Uint8Array {
  const digit = (value: number): number => (value < 10 ? 48 + value : 87 + value)
  const text = new Uint8Array(bytes.length * 2 + 1)
  for (const [i, byte] of bytes.entries()) text.set([digit(byte >> 4), digit(byte & 15)], 2 * i)
  text[text.length - 1] = 10
  return text
}

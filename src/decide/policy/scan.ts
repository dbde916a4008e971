import { randomBytes } from 'node:crypto'
import type { ResourceKind } from '../../core/capability.ts'
import { isIpv4, LIMITS, looksNumeric, normalAddress, readPort } from './resource.ts'

/** Differs in every process, so that nobody can prepare names that share a hash. */
const SEED = randomBytes(4).readInt32LE()
const SLASH = 0x2f
const DOT = 0x2e
const DASH = 0x2d
const COLON = 0x3a

/** What a character is, as bits. */
const CONTROL = 1
const BACKSLASH = 2
const CAPITAL = 4
const SHELL = 8
const STAR = 16
const NOT_IN_HOST = 32
/** Every bit from here on: what is left of a code beyond ASCII. */
const WIDE = ~0xff
/** What stands for every such character in {@link Scan.bytes}: it is in no head that is compared there. */
const NOT_ASCII = 0xff
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const text = String.fromCharCode(code)
  return (
    (code < 0x20 || code === 0x7f ? CONTROL : 0) |
    (text === '\\' ? BACKSLASH : 0) |
    (/[A-Z]/.test(text) ? CAPITAL : 0) |
    (/[\w@%+=:,./-]/.test(text) ? 0 : SHELL) |
    (text === '*' || text === '$' ? STAR : 0) |
    (/[A-Za-z0-9_-]/.test(text) ? 0 : NOT_IN_HOST)
  )
})

const STEP = 0x01000193
const { components: MOST_COMPONENTS, componentLength: LONGEST_COMPONENT } = LIMITS

/** The hash of one component; of a host's label it is taken from the right. */
export function hashName(text: string, isLabel = false): number {
  let hash = SEED
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(isLabel ? text.length - 1 - i : i), STEP)
  }
  return hash
}

/** The hash of a run of components and one more. The empty run has {@link EMPTY_RUN}. */
export function hashRun(run: number, name: number): number {
  const mixed = Math.imul(run ^ (name >>> 15) ^ name, 0x45d9f3b5)
  return mixed ^ (mixed >>> 13)
}

export const EMPTY_RUN = SEED

/**
 * One resource, read once: checked, cut into components, every run of leading components hashed. All indexes are then
 * asked without making a string. One scan belongs to one engine and is overwritten by the next request.
 *
 * The components of a host are its labels from the right, so that `*.example.org` is a head like `/srv/**` is one;
 * an address is a single component.
 */
export class Scan {
  text = ''
  count = 0
  /** How much of `text` patterns speak of: all of it, or the host of an endpoint, which ends here. */
  length = 0
  /** Of an endpoint; -1 when it has none. */
  port = -1
  isHost = false
  /** Whether a component begins with a dot, as most places of secrets do. */
  isDotted = false
  /** Whether it has a capital letter of ASCII, and so another spelling where cases are not told apart. */
  hasCapital = false
  /** Whether a shell takes it as one word as it stands. */
  isWord = true
  /** Whether it would mean more than itself as a pattern. */
  hasStar = false
  /** How many component comparisons patterns with stars took: the measure of work, for tests. */
  steps = 0
  /** What patterns speak of, a byte a character; of a host backwards, so that the head of a pattern is always in front. */
  readonly bytes = new Uint8Array(LIMITS.resourceBytes)
  /** The same memory, to compare four at once. */
  readonly words = new Int32Array(this.bytes.buffer)
  readonly starts = new Int32Array(LIMITS.components)
  readonly ends = new Int32Array(LIMITS.components)
  readonly names = new Int32Array(LIMITS.components)
  /** `heads[i]` is the hash of the first `i` components. */
  readonly heads = new Int32Array(LIMITS.components + 1)

  /**
   * @param needed whether this action must name a resource
   * @returns what is wrong with the resource, or undefined; it is refused, never repaired
   */
  read(kind: ResourceKind, text: string, needed: boolean): string | undefined {
    this.count = 0
    this.port = -1
    this.isHost = kind === 'endpoint'
    this.isDotted = false
    this.hasCapital = false
    this.isWord = true
    this.hasStar = false
    this.text = text
    this.length = text.length
    this.heads[0] = EMPTY_RUN
    if (text.length === 0) return needed ? 'it names no resource' : undefined
    if (text.length > LIMITS.resourceBytes) return `it is longer than ${LIMITS.resourceBytes} bytes`
    if (kind === 'endpoint') return this.#endpoint(text)
    if (kind === 'name') return this.#components(text, 0)
    this.bytes[0] = SLASH
    if (text.charCodeAt(0) !== SLASH) return 'it is not an absolute path'
    return text.length === 1 ? undefined : this.#components(text, 1)
  }

  /** How many of the bytes the first `depth` components take up. */
  headLength(depth: number): number {
    if (depth === 0) return 0
    return this.isHost ? this.length - this.starts[depth - 1]! : this.ends[depth - 1]!
  }

  #components(text: string, start: number): string | undefined {
    const { starts, ends, names, heads, bytes } = this
    const length = text.length
    let run = EMPTY_RUN
    let seen = 0
    let count = 0
    for (let i = start; ; i++) {
      const at = i
      let hash = SEED
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        bytes[i] = code
        if (code === SLASH) break
        seen |= CLASSES[code & 0x7f]! | ((code & 0xff80) << 1)
        hash = Math.imul(hash ^ code, STEP)
      }
      const size = i - at
      if (size === 0) return 'it has an empty component'
      if (text.charCodeAt(at) === DOT) {
        if (size === 1 || (size === 2 && text.charCodeAt(at + 1) === DOT)) return 'it has a . or .. component'
        this.isDotted = true
      }
      if (count === MOST_COMPONENTS) return `it has more than ${MOST_COMPONENTS} components`
      if (size > LONGEST_COMPONENT) return `a component is longer than ${LONGEST_COMPONENT}`
      starts[count] = at
      ends[count] = i
      names[count] = hash
      run = hashRun(run, hash)
      heads[++count] = run
      if (i === length) break
    }
    this.count = count
    return seen === 0 ? undefined : this.#oddities(text, seen, start === 1)
  }

  /** What characters beyond the ordinary mean. */
  #oddities(text: string, bits: number, isPath: boolean): string | undefined {
    // beyond ASCII the cheap sum of bits says no more than that
    const seen = (bits & WIDE) === 0 ? bits : this.#rereadWide(text) | WIDE
    if ((seen & CONTROL) !== 0) return 'it has a control character'
    if ((seen & BACKSLASH) !== 0 && isPath) return 'it has a backslash'
    this.hasCapital = (seen & CAPITAL) !== 0
    this.hasStar = (seen & STAR) !== 0
    this.isWord = (seen & (SHELL | WIDE)) === 0
    if ((seen & WIDE) === 0) return undefined
    // C1 controls and line separators can disguise a name where people read it
    if (/[\u0080-\u009f\u2028\u2029]/.test(text)) return 'it has a control character'
    if (!text.isWellFormed()) return 'it is not valid Unicode'
    return Buffer.byteLength(text) > LIMITS.resourceBytes
      ? `it is longer than ${LIMITS.resourceBytes} bytes`
      : undefined
  }

  /** Takes every character beyond ASCII for itself, which the quick way took for the one its last bits are. */
  #rereadWide(text: string): number {
    let seen = 0
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code < 0x80) seen |= CLASSES[code]!
      else this.bytes[i] = NOT_ASCII
    }
    return seen
  }

  #endpoint(text: string): string | undefined {
    if (text.charCodeAt(0) === 0x5b) return this.#sixth(text)
    const colon = text.indexOf(':')
    let end = colon === -1 ? text.length : colon
    if (colon !== -1 && !this.#hasPort(text, colon + 1)) return NO_PORT
    // a name may end with the dot of the root; it is the same name
    if (end > 1 && text.charCodeAt(end - 1) === DOT) end--
    return this.#labels(text, end)
  }

  #hasPort(text: string, from: number): boolean {
    this.port = readPort(text, from)
    return this.port !== -1
  }

  #sixth(text: string): string | undefined {
    const close = text.indexOf(']')
    if (close === -1) return 'its [ has no ]'
    if (close + 1 < text.length) {
      if (text.charCodeAt(close + 1) !== COLON || !this.#hasPort(text, close + 2)) return NO_PORT
    }
    const address = normalAddress(text.slice(0, close + 1))
    return address === undefined
      ? 'it is not an IPv6 address Warder takes'
      : this.#whole(address, address.length)
  }

  /** An address: one component, so that no domain pattern can match a part of it. */
  #whole(text: string, end: number): undefined {
    this.text = text
    this.length = end
    this.count = 1
    this.starts[0] = 0
    this.ends[0] = end
    for (let i = 0; i < end; i++) this.bytes[i] = text.charCodeAt(end - 1 - i)
    const name = hashName(text.slice(0, end), true)
    this.names[0] = name
    this.heads[1] = hashRun(EMPTY_RUN, name)
  }

  #labels(text: string, hostEnd: number): string | undefined {
    const { starts, ends, names, heads, bytes } = this
    if (hostEnd > LIMITS.hostLength) return NO_HOST
    let run = EMPTY_RUN
    let hash = SEED
    let end = hostEnd
    let seen = 0
    let count = 0
    for (let i = hostEnd - 1; i >= -1; i--) {
      const code = i >= 0 ? text.charCodeAt(i) : DOT
      bytes[hostEnd - 1 - i] = code
      if (code !== DOT) {
        seen |= CLASSES[code & 0x7f]! | ((code & 0xff80) << 1)
        hash = Math.imul(hash ^ code, STEP)
        continue
      }
      const size = end - i - 1
      if (size < 1 || size > 63) return NO_HOST
      if (text.charCodeAt(i + 1) === DASH || text.charCodeAt(end - 1) === DASH) return NO_HOST
      starts[count] = i + 1
      ends[count] = end
      names[count] = hash
      run = hashRun(run, hash)
      heads[++count] = run
      hash = SEED
      end = i
    }
    if ((seen & (NOT_IN_HOST | WIDE)) !== 0) return NO_HOST
    // host names are the same in any case (RFC 4343), so this is reading, not repairing
    if ((seen & CAPITAL) !== 0) return this.#labels(text.toLowerCase(), hostEnd)
    const last = text.charCodeAt(starts[0]!)
    if (last <= 0x39) {
      const host = text.slice(0, hostEnd)
      if (isIpv4(host)) return this.#whole(text, hostEnd)
      if (looksNumeric(host)) return NO_HOST
    }
    this.text = text
    this.length = hostEnd
    this.count = count
    return undefined
  }
}

const NO_HOST = 'its host is neither a name in ASCII nor a canonical address'
const NO_PORT = 'its port is not a number from 1 to 65535 (an IPv6 address stands in [ ])'

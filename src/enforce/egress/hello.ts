/** What a TLS ClientHello tells anybody who looks (RFC 8446, section 4.1.2). */
export interface Hello {
  /** As sent; absent when it names nobody. */
  readonly serverName: string | undefined
  /** It carries a second, encrypted ClientHello, whose name nobody sees (or a dummy that looks like one). */
  readonly hidesName: boolean
}

export type HelloRead =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'more' }
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'malformed'; readonly why: string }

/** A hello with post-quantum keys has about 2 KiB. */
export const LARGEST_HELLO_BYTES = 16 * 1024

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
/** RFC 9849 and its draft before that. */
const ENCRYPTED_HELLOS: ReadonlySet<number> = new Set([0xfe0d, 0xffce])

/** Reads as much as is there, across records; never more than {@link LARGEST_HELLO_BYTES}. */
export function readHello(bytes: Buffer): HelloRead {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE) return { kind: 'not-tls' }
  if (bytes.length > 1 && bytes[1] !== 3) return { kind: 'not-tls' }
  try {
    const message = handshake(bytes)
    if (message === undefined) {
      return bytes.length < LARGEST_HELLO_BYTES
        ? { kind: 'more' }
        : { kind: 'malformed', why: 'the ClientHello is too large' }
    }
    return { kind: 'hello', hello: clientHello(message) }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { kind: 'malformed', why: error.message }
  }
}

class Malformed extends Error {}

/** The body of the first handshake message, put together from its records; undefined when some of it is missing. */
function handshake(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = []
  let [at, got] = [0, 0]
  while (at + 5 <= bytes.length) {
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3)
      throw new Malformed('a record of another kind comes before the ClientHello ends')
    const sizeBytes = bytes.readUInt16BE(at + 3)
    if (sizeBytes === 0 || sizeBytes > 2 ** 14)
      throw new Malformed('a TLS record has no size a record may have')
    const part = bytes.subarray(at + 5, at + 5 + sizeBytes)
    parts.push(part)
    got += part.length
    at += 5 + sizeBytes
    const whole = got >= 4 ? wholeMessage(parts) : undefined
    if (whole !== undefined) return whole
  }
  return undefined
}

function wholeMessage(parts: readonly Buffer[]): Buffer | undefined {
  const joined = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  if (joined[0] !== CLIENT_HELLO) throw new Malformed('the first message is no ClientHello')
  const sizeBytes = joined.readUIntBE(1, 3)
  if (sizeBytes > LARGEST_HELLO_BYTES) throw new Malformed('the ClientHello is too large')
  return joined.length >= 4 + sizeBytes ? joined.subarray(4, 4 + sizeBytes) : undefined
}

function clientHello(message: Buffer): Hello {
  const body = new Reader(message)
  body.take(2 + 32) // legacy_version, random
  body.vector(1) // legacy_session_id
  body.vector(2) // cipher_suites
  body.vector(1) // legacy_compression_methods
  const extensions = body.isAtEnd ? new Reader(Buffer.alloc(0)) : new Reader(body.vector(2))
  if (!body.isAtEnd) throw new Malformed('something follows the extensions')
  const seen = new Map<number, Buffer>()
  while (!extensions.isAtEnd) {
    const type = extensions.take(2).readUInt16BE()
    if (seen.has(type)) throw new Malformed('an extension comes twice')
    seen.set(type, extensions.vector(2))
  }
  const named = seen.get(SERVER_NAME)
  return {
    serverName: named === undefined ? undefined : serverName(named),
    hidesName: [...ENCRYPTED_HELLOS].some((type) => seen.has(type)),
  }
}

/** RFC 6066, section 3: one name of the one kind there is. */
function serverName(extension: Buffer): string {
  const whole = new Reader(extension)
  const list = new Reader(whole.vector(2))
  if (list.take(1)[0] !== 0) throw new Malformed('the server name is of no known kind')
  const name = list.vector(2)
  if (!whole.isAtEnd || !list.isAtEnd) throw new Malformed('there is more than one server name')
  if (name.length === 0 || name.some((byte) => byte <= 0x20 || byte >= 0x7f))
    throw new Malformed('the server name is no name')
  return name.toString('latin1')
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take(sizeBytes: number): Buffer {
    if (this.#at + sizeBytes > this.#bytes.length) throw new Malformed('the ClientHello ends too early')
    this.#at += sizeBytes
    return this.#bytes.subarray(this.#at - sizeBytes, this.#at)
  }

  /** Bytes behind their own length, which has `widthBytes` bytes. */
  vector(widthBytes: number): Buffer {
    return this.take(this.take(widthBytes).readUIntBE(0, widthBytes))
  }
}

const LF = 0x0a
const CR = 0x0d
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** One message as an event of a stream. A line feed between two tokens of it must not end the event. */
export function eventOf(message: string): string {
  return `event: message\n${message
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join('')}\n`
}

/** What keeps a quiet stream alive; a reader skips it. */
export const KEEP_ALIVE = ': \n\n'

export interface StreamEvent {
  readonly data: string
  readonly id: string | undefined
}

export class StreamTooLarge extends Error {
  override readonly name = 'StreamTooLarge'
}

/**
 * Reads an event stream (HTML standard, section 9.2.6), holding no more than one event of so many bytes.
 *
 * @throws StreamTooLarge for a larger one, TypeError for bytes that are not UTF-8
 */
export class EventReader {
  readonly #most: number
  #line: Buffer[] = []
  #lineBytes = 0
  #eventBytes = 0
  #data: string[] = []
  #id: string | undefined
  #type = ''
  #afterReturn = false

  constructor(mostBytes: number) {
    this.#most = mostBytes
  }

  push(chunk: Uint8Array): StreamEvent[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const events: StreamEvent[] = []
    let from = 0
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]
      const isSecondHalf = this.#afterReturn && byte === LF
      this.#afterReturn = byte === CR
      if (isSecondHalf) from = at + 1
      else if (byte === LF || byte === CR) {
        this.#take(bytes.subarray(from, at))
        this.#endOfLine(events)
        from = at + 1
      }
    }
    this.#take(bytes.subarray(from))
    return events
  }

  #take(part: Buffer): void {
    if (part.length === 0) return
    this.#lineBytes += part.length
    this.#eventBytes += part.length
    if (this.#eventBytes > this.#most) throw new StreamTooLarge(`an event is larger than ${this.#most} bytes`)
    this.#line.push(Buffer.from(part)) // a copy: the chunk is its owner's
  }

  #endOfLine(events: StreamEvent[]): void {
    const line = UTF8.decode(this.#line.length === 1 ? this.#line[0] : Buffer.concat(this.#line))
    this.#line = []
    if (this.#lineBytes === 0) return this.#endOfEvent(events)
    this.#lineBytes = 0
    const colon = line.indexOf(':')
    if (colon === 0) {
      if (this.#data.length === 0) this.#eventBytes = 0
      return // a comment
    }
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    else if (field === 'event') this.#type = value
  }

  #endOfEvent(events: StreamEvent[]): void {
    const isMessage = this.#type === '' || this.#type === 'message'
    if (isMessage && this.#data.length > 0) events.push({ data: this.#data.join('\n'), id: this.#id })
    this.#data = []
    this.#type = ''
    this.#eventBytes = 0
  }
}

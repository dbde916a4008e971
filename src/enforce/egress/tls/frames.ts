import { randomBytes } from 'node:crypto'
import { isRefusal } from '../broker/index.ts'
import type { Filter } from '../content/index.ts'
import { refusal, type Refusal } from '../refusal.ts'

/** A frame that is not longer than this is looked at whole and sent on as one; of longer ones, parts become frames. */
const WHOLE_FRAME_BYTES = 64 * 1024
const LONGEST_CONTROL_BYTES = 125

interface FrameHead {
  readonly opcode: number
  readonly isLast: boolean
  readonly mask: Buffer | undefined
  readonly headBytes: number
  readonly payloadBytes: number
}

/**
 * One direction of a WebSocket (RFC 6455, section 5): frames are opened, their text looked through as one stream, and
 * made anew, so that a secret cut in two by frames is found and one that is put in may have any length.
 */
export class FrameFilter {
  readonly #isMasked: boolean
  readonly #data: readonly Filter[]
  readonly #control: readonly Filter[]
  #bytes: Buffer = Buffer.alloc(0)
  /** A long frame of which a part has come: its head, and how many bytes of it have been taken. */
  #open: { readonly head: FrameHead; taken: number } | undefined
  /** The kind of the message whose first frame has not gone on yet. */
  #opcode: number | undefined

  /**
   * @param isMasked whether they come from the client, which must mask them (5.1)
   * @param data what the text of messages passes through; `control`: pings, pongs and closes
   */
  constructor(isMasked: boolean, data: readonly Filter[], control: readonly Filter[]) {
    this.#isMasked = isMasked
    this.#data = data
    this.#control = control
  }

  push(chunk: Uint8Array): Buffer | Refusal {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    const out: Buffer[] = []
    for (;;) {
      const made = this.#step()
      if (made === undefined) return Buffer.concat(out)
      if (isRefusal(made)) return made
      out.push(made)
    }
  }

  end(): Buffer | Refusal {
    return Buffer.alloc(0)
  }

  /** The next frame or part of one; undefined when more bytes are needed. */
  #step(): Buffer | Refusal | undefined {
    if (this.#open !== undefined) return this.#part(this.#open)
    const head = readHead(this.#bytes, this.#isMasked)
    if (head === undefined || isRefusal(head)) return head
    const frameBytes = head.headBytes + head.payloadBytes
    if (head.payloadBytes > WHOLE_FRAME_BYTES) {
      this.#bytes = this.#bytes.subarray(head.headBytes)
      this.#open = { head, taken: 0 }
      return Buffer.alloc(0)
    }
    if (this.#bytes.length < frameBytes) return undefined
    const payload = unmasked(this.#bytes.subarray(head.headBytes, frameBytes), head.mask, 0)
    this.#bytes = this.#bytes.subarray(frameBytes)
    return head.opcode >= 8 ? this.#controlFrame(head, payload) : this.#dataFrame(head, payload, head.isLast)
  }

  #part(open: { readonly head: FrameHead; taken: number }): Buffer | Refusal | undefined {
    const { head } = open
    const payload = this.#bytes.subarray(0, head.payloadBytes - open.taken)
    if (payload.length === 0) return undefined
    this.#bytes = this.#bytes.subarray(payload.length)
    const plain = unmasked(payload, head.mask, open.taken)
    open.taken += payload.length
    const isOver = open.taken === head.payloadBytes
    if (isOver) this.#open = undefined
    const first = open.taken === payload.length ? head : { ...head, opcode: 0 }
    return this.#dataFrame(first, plain, isOver && head.isLast)
  }

  #dataFrame(head: FrameHead, payload: Buffer, isLast: boolean): Buffer | Refusal {
    if (head.opcode !== 0) this.#opcode = head.opcode
    const text = through(this.#data, payload, isLast)
    if (isRefusal(text)) return text
    if (text.length === 0 && !isLast) return text
    const opcode = this.#opcode ?? 0
    this.#opcode = undefined
    return frame(opcode, isLast, text, this.#isMasked)
  }

  #controlFrame(head: FrameHead, payload: Buffer): Buffer | Refusal {
    const text = through(this.#control, payload, true)
    return isRefusal(text)
      ? text
      : frame(head.opcode, true, text.subarray(0, LONGEST_CONTROL_BYTES), this.#isMasked)
  }
}

function through(filters: readonly Filter[], payload: Buffer, isLast: boolean): Buffer | Refusal {
  let bytes = payload
  for (const filter of filters) {
    const made = filter.push(bytes)
    if (isRefusal(made)) return made
    const rest = isLast ? filter.end() : Buffer.alloc(0)
    if (isRefusal(rest)) return rest
    bytes = Buffer.concat([made, rest])
  }
  return bytes
}

function readHead(bytes: Buffer, isMasked: boolean): FrameHead | Refusal | undefined {
  if (bytes.length < 2) return undefined
  const [first, second] = [bytes[0]!, bytes[1]!]
  const opcode = first & 0x0f
  const short = second & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const headBytes = 2 + lengthBytes + (isMasked ? 4 : 0)
  // no extension was agreed on, so the bits for them mean nothing (5.2)
  if ((first & 0x70) !== 0 || ![0, 1, 2, 8, 9, 10].includes(opcode))
    return broken('a frame of a kind nobody agreed on')
  if (second >= 0x80 !== isMasked)
    return broken('a frame that is masked where it must not be, or not where it must')
  if (opcode >= 8 && (short > LONGEST_CONTROL_BYTES || first < 0x80))
    return broken('a control frame that is long or in parts')
  if (bytes.length < headBytes) return undefined
  const payloadBytes =
    lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (!Number.isSafeInteger(payloadBytes)) return broken('a frame longer than any')
  const mask = isMasked ? Buffer.from(bytes.subarray(headBytes - 4, headBytes)) : undefined
  return { opcode, isLast: first >= 0x80, mask, headBytes, payloadBytes }
}

function unmasked(payload: Buffer, mask: Buffer | undefined, from: number): Buffer {
  return mask === undefined
    ? Buffer.from(payload)
    : Buffer.from(payload.map((byte, i) => byte ^ mask[(from + i) & 3]!))
}

function frame(opcode: number, isLast: boolean, payload: Buffer, isMasked: boolean): Buffer {
  const size = payload.length
  const length = size < 126 ? Buffer.of(size) : size < 65_536 ? Buffer.alloc(3, 126) : Buffer.alloc(9, 127)
  if (length.length === 3) length.writeUInt16BE(size, 1)
  if (length.length === 9) length.writeBigUInt64BE(BigInt(size), 1)
  if (isMasked) length[0]! |= 0x80
  const mask = isMasked ? randomBytes(4) : undefined
  return Buffer.concat([
    Buffer.of((isLast ? 0x80 : 0) | opcode),
    length,
    ...(mask === undefined ? [payload] : [mask, unmasked(payload, mask, 0)]),
  ])
}

function broken(what: string): Refusal {
  return refusal(
    'malformed',
    'egress.websocket',
    `the WebSocket carries ${what}`,
    'send frames as RFC 6455 says, without extensions',
  )
}

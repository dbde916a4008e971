import { timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { canonicalJson, type Json } from '../../../core/canonical.ts'
import { messageOf } from '../../../core/error.ts'
import { RISK_LEVELS } from '../../../core/risk.ts'
import { FileError, readPrivateFile, writeFileAtomic } from '../../../platform/files.ts'
import { altered, beyond } from './errors.ts'
import { PIN_KINDS } from './pin.ts'

const MOST_BYTES = 32 * 1024 * 1024
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const PinShape = z.strictObject({
  kind: z.enum(PIN_KINDS),
  name: z.string(),
  digest,
  definition: z.json(),
  labels: z.array(z.string()),
  /** `first`: when the server was first seen; `trusted`: the owner said so. */
  how: z.enum(['first', 'trusted']),
  by: z.string(),
  at: z.int().min(0),
  risk: z.enum(RISK_LEVELS),
})
/** One definition as it was approved. */
export type Pin = z.infer<typeof PinShape>

const BookShape = z.strictObject({
  v: z.literal(1),
  /** Counts every change, so that an older copy that is put back can be told. */
  seq: z.int().min(0),
  servers: z.array(
    z.strictObject({
      name: z.string(),
      /** Kinds that were listed whole: what comes later was added. */
      listed: z.array(z.enum(PIN_KINDS)),
      pins: z.array(PinShape),
    }),
  ),
})
/** Everything that is pinned. */
export type PinDocument = z.infer<typeof BookShape>

const SealedShape = z.strictObject({ body: z.string(), mac: z.string().regex(/^[0-9a-f]{64}$/) })

/** Keeps the book as one sealed text, replaced as a whole: no part of it can be put back alone. */
export interface PinStore {
  /** @throws McpPinError `MCP_PINS_ALTERED` for what is not ours */
  read(): PinDocument | undefined
  write(document: PinDocument): void
}

/** A MAC under a key of this host. */
export type Mac = (text: string) => Uint8Array

/** @param before a key books were sealed with once: such a book is read, and sealed anew when it next changes */
export function filePinStore(stateDirectory: string, mac: Mac, before?: Mac): PinStore {
  const path = join(stateDirectory, 'mcp-pins.json')
  return {
    read() {
      const bytes = read(path)
      return bytes === undefined ? undefined : unsealed(bytes.toString(), mac, before)
    },
    write: (document) => writeFileAtomic(path, sealed(document, mac)),
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readPrivateFile(path, MOST_BYTES * 2)
  } catch (cause) {
    if (cause instanceof FileError) throw altered(cause.message, cause)
    throw cause
  }
}

/** The book in memory, sealed all the same, for tests. */
export function memoryPinStore(mac: Mac, kept: { text?: string } = {}): PinStore {
  return {
    read: () => (kept.text === undefined ? undefined : unsealed(kept.text, mac)),
    write: (document) => void (kept.text = sealed(document, mac)),
  }
}

/** The same text under the same key for another purpose is not ours. */
function macOf(body: string, mac: Mac): Buffer {
  return Buffer.from(mac(canonicalJson(['warder-mcp-pins', 1, body])))
}

function sealed(document: PinDocument, mac: Mac): string {
  const body = canonicalJson(document as unknown as Json)
  if (Buffer.byteLength(body) > MOST_BYTES)
    throw beyond(`all pins together have more than ${MOST_BYTES} bytes`)
  return `${JSON.stringify({ body, mac: macOf(body, mac).toString('hex') })}\n`
}

function unsealed(text: string, ...macs: readonly (Mac | undefined)[]): PinDocument {
  try {
    const { body, mac: said } = SealedShape.parse(JSON.parse(text))
    const given = Buffer.from(said, 'hex')
    const isOurs = macs.some((mac) => mac !== undefined && isSame(given, macOf(body, mac)))
    if (!isOurs) throw new Error('the seal is not ours')
    return BookShape.parse(JSON.parse(body))
  } catch (cause) {
    throw altered(messageOf(cause).slice(0, 200), cause)
  }
}

function isSame(given: Buffer, right: Buffer): boolean {
  return given.length === right.length && timingSafeEqual(given, right)
}

import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { canonicalJson, sha256, type Json } from '../../core/canonical.ts'

/** One call, as it went: what was asked, what was decided, what came of it. Values are told by their digests alone. */
export interface CallFacts {
  readonly at: string
  readonly method: string
  readonly name: string
  readonly outcome: 'success' | 'tool-error' | 'refused' | 'failed'
  readonly rule: string
  readonly decision: string
  readonly arguments: string
  readonly result: string
  readonly ms: number
  readonly labels: readonly string[]
  readonly redacted: number
}

/** Signs with a key that is for receipts alone. */
export interface ReceiptSigner {
  readonly keyId: string
  sign(bytes: Uint8Array): Buffer
}

export interface ReceiptChainOptions {
  readonly session: string
  readonly server: string
  readonly agent: string
  readonly signer: ReceiptSigner
}

const DOMAIN = 'warder/mcp-receipt/v1\n'
const GENESIS = '0'.repeat(64)
const FORM = 1

/** The receipts of one session: each names the one before it, so that none can be changed, left out or put elsewhere. */
export class ReceiptChain {
  readonly #options: ReceiptChainOptions
  #previous = GENESIS
  #count = 0

  constructor(options: ReceiptChainOptions) {
    this.#options = options
  }

  /** @returns one line of the file, with its line feed */
  add(facts: CallFacts): string {
    const { session, server, agent, signer } = this.#options
    this.#count += 1
    const body = {
      ...{ form: FORM, seq: this.#count, prev: this.#previous, session, server, agent },
      ...facts,
      labels: [...facts.labels],
      key: signer.keyId,
    }
    const text = canonicalJson(body)
    this.#previous = sha256(text)
    const signature = signer.sign(signedBytes(text)).toString('base64')
    return `${JSON.stringify({ receipt: body, signature })}\n`
  }

  /** How many there are, and the digest of the last. */
  get head(): { readonly count: number; readonly digest: string } {
    return { count: this.#count, digest: this.#previous }
  }
}

function signedBytes(text: string): Buffer {
  return Buffer.from(DOMAIN + text)
}

export type ReceiptsChecked =
  | { readonly isGood: true; readonly count: number; readonly digest: string; readonly session: string }
  | { readonly isGood: false; readonly line: number; readonly reason: string }

/**
 * Checks a file of receipts without anything but the public keys: every signature, and that each follows the one before.
 * That none is missing at the end is told by the head alone, which the ledger has.
 *
 * @param keys by id: SHA-256 of the 32 bytes of the public key, hex
 */
export function checkReceipts(text: string, keys: ReadonlyMap<string, KeyObject>): ReceiptsChecked {
  let previous = GENESIS
  let session: string | undefined
  const lines = text.split('\n')
  const bad = (i: number, reason: string): ReceiptsChecked => ({ isGood: false, line: i + 1, reason })
  if (lines.pop() !== '') return bad(lines.length, 'the last line is cut off')
  for (const [i, line] of lines.entries()) {
    const read = readLine(line)
    if (read === undefined) return bad(i, 'it is no receipt')
    const { receipt, signature } = read
    if (receipt['form'] !== FORM) return bad(i, 'it is of a form this version does not know')
    if (receipt['seq'] !== i + 1) return bad(i, `it should be number ${i + 1}: one was taken out or put in`)
    if (receipt['prev'] !== previous) return bad(i, 'it does not follow the one before')
    if (session !== undefined && receipt['session'] !== session) return bad(i, 'it is of another session')
    const key = typeof receipt['key'] === 'string' ? keys.get(receipt['key']) : undefined
    if (key === undefined || typeof receipt['session'] !== 'string')
      return bad(i, 'it is signed by a key that was not given')
    const canonical = canonicalJson(receipt as Json & Record<string, Json>)
    if (!verify(null, signedBytes(canonical), key, signature)) return bad(i, 'its signature is not right')
    session = receipt['session']
    previous = sha256(canonical)
  }
  if (session === undefined) return bad(0, 'it holds no receipt')
  return { isGood: true, count: lines.length, digest: previous, session }
}

function readLine(
  line: string,
): { readonly receipt: Record<string, Json>; readonly signature: Buffer } | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Object.keys(value).sort().join() !== 'receipt,signature')
    return undefined
  const { receipt, signature } = value as Record<string, unknown>
  if (
    typeof receipt !== 'object' ||
    receipt === null ||
    Array.isArray(receipt) ||
    typeof signature !== 'string'
  )
    return undefined
  // as it was written, to the byte: what is added or spelled otherwise was not signed by anybody
  const bytes = Buffer.from(signature, 'base64')
  if (bytes.toString('base64') !== signature || JSON.stringify({ receipt, signature }) !== line)
    return undefined
  return { receipt: receipt as Record<string, Json>, signature: bytes }
}

/** A public key as `PEM`, and the id receipts name it by. */
export function receiptKey(pem: string): { readonly id: string; readonly key: KeyObject } {
  const key = createPublicKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is no Ed25519 key')
  const raw = Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url')
  return { id: sha256(raw), key }
}

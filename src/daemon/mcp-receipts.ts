import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ReceiptChain, type ReceiptSigner } from '../enforce/mcp/receipts.ts'
import type { WireEvent } from './mcp/words.ts'
import type { OfSession } from './mcp-events.ts'

export interface ReceiptFileOptions {
  readonly directory: string
  readonly of: OfSession
  readonly signer: ReceiptSigner
  readonly now: () => number
}

/** The head goes on record this often, and at the end. */
export const RECORD_EVERY = 100

/** The receipts of one session in a file of its own. Written as they come; nobody's answer waits for it. */
export class ReceiptFile {
  readonly path: string
  readonly #chain: ReceiptChain
  readonly #now: () => number
  readonly #fd: number

  constructor({ directory, of, signer, now }: ReceiptFileOptions) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.path = join(directory, `${of.session}.jsonl`)
    this.#fd = openSync(this.path, 'ax', 0o600)
    this.#chain = new ReceiptChain({ ...of, signer })
    this.#now = now
  }

  add(event: Extract<WireEvent, { kind: 'call' }>): void {
    const { method, name, outcome, rule, decision, ms, labels, redacted } = event
    const line = this.#chain.add({
      ...{ at: new Date(this.#now()).toISOString(), method, name, outcome, rule, decision },
      ...{ arguments: event.argumentsDigest, result: event.resultDigest },
      ...{ ms: Math.round(ms * 1000) / 1000, labels, redacted },
    })
    writeSync(this.#fd, line)
  }

  get head(): { readonly count: number; readonly digest: string } {
    return this.#chain.head
  }

  close(): void {
    closeSync(this.#fd)
  }
}

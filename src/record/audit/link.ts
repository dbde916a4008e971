/** How a body says it is linked to the one before. */
export interface Link {
  readonly prevHash: string
  readonly seq: number
}

const PREV = ',"prev_hash":"'
const SEQ = ',"seq":'

/**
 * Reads `prev_hash` and `seq` out of a body without parsing it. Both are searched from the end: behind them stand only
 * texts, in which every quotation mark is escaped, so that nothing a text says can pass for the member's name. In front
 * of them stand the details, whose members could.
 *
 * @returns undefined when the body is not written the way the ledger writes
 */
export function linkOf(body: string): Link | undefined {
  const seqAt = body.lastIndexOf(SEQ)
  const prevAt = body.lastIndexOf(PREV, seqAt)
  if (prevAt < 0 || seqAt < 0) return undefined
  const prevHash = body.slice(prevAt + PREV.length, prevAt + PREV.length + 64)
  if (body[prevAt + PREV.length + 64] !== '"') return undefined
  const digitsAt = seqAt + SEQ.length
  const end = body.indexOf(',', digitsAt)
  const seq = Number(body.slice(digitsAt, end))
  return Number.isSafeInteger(seq) && end > digitsAt ? { prevHash, seq } : undefined
}

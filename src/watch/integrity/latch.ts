import { z } from 'zod'
import { canonicalJson } from '../../core/canonical.ts'
import { INTEGRITY_ERRORS, IntegrityError } from './errors.ts'
import { STATES } from './judge.ts'

const LatchShape = z.strictObject({
  version: z.literal(1),
  state: z.enum(STATES),
  /** When this state began, in milliseconds since 1970. */
  since: z.number(),
  /** Rises with each state: an older one put back is told by it. */
  revision: z.int().min(0),
  /** Of the baseline it is about. */
  baseline: z.string(),
  /** What made it so, for people. */
  reason: z.string(),
  /** Keys of the violations that were told, so that none is told twice. */
  told: z.array(z.string()),
})
export type Latch = z.infer<typeof LatchShape>

/** Keyed, so that nobody without the keys of this host can write a better state. */
export type Mac = (text: string) => Buffer

const FileShape = z.strictObject({ latch: z.string(), mac: z.string() })
const DOMAIN = 'warder.integrity.latch v1\n'

/** Of what was told long ago only so much is remembered. */
export const MOST_TOLD = 5000

export function sealLatch(latch: Latch, mac: Mac): string {
  const body = canonicalJson({ ...latch, told: latch.told.slice(-MOST_TOLD) })
  return `${JSON.stringify({ latch: body, mac: mac(DOMAIN + body).toString('hex') })}\n`
}

/** @throws IntegrityError `INTEGRITY_FORGED` */
export function openLatch(text: string, mac: Mac): Latch {
  try {
    const file = FileShape.parse(JSON.parse(text))
    if (mac(DOMAIN + file.latch).toString('hex') !== file.mac) throw new Error('its seal is broken')
    return LatchShape.parse(JSON.parse(file.latch))
  } catch (cause) {
    throw new IntegrityError(INTEGRITY_ERRORS, 'INTEGRITY_FORGED', {
      what: 'the state of integrity is not what Warder wrote',
      fix: 'look at what happened to it; then take a new baseline: warder integrity baseline',
      cause,
    })
  }
}

import { z } from 'zod'
import { canonicalJson, sha256 } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { EntryShape, RootShape } from './entry.ts'
import { INTEGRITY_ERRORS, IntegrityError } from './errors.ts'

const BaselineShape = z.strictObject({
  version: z.literal(1),
  /** When it was taken, in milliseconds since 1970. */
  takenAt: z.number(),
  /** Rises by one with each: an older one put back is told by it. */
  revision: z.int().min(1),
  roots: z.array(RootShape),
  entries: z.array(EntryShape),
})
export type Baseline = z.infer<typeof BaselineShape>

const FileShape = z.strictObject({
  baseline: z.string(),
  keyId: z.string(),
  signature: z.string(),
})

/** So that a signature of a baseline can never pass for one of anything else. */
const DOMAIN = 'warder integrity baseline v1\n'

export interface BaselineSigner {
  readonly keyId: string
  sign(bytes: Uint8Array): Buffer
}

/** Says whether one of the keys of this host, made for nothing else, signed these bytes. */
export type BaselineVerifier = (bytes: Uint8Array, signature: Uint8Array) => boolean

/** @returns the file's text, and the digest the record keeps of it */
export function sealBaseline(baseline: Baseline, signer: BaselineSigner): { text: string; digest: string } {
  const body = canonicalJson(baseline)
  const signature = signer.sign(Buffer.from(DOMAIN + body)).toString('base64')
  return {
    text: `${JSON.stringify({ baseline: body, keyId: signer.keyId, signature })}\n`,
    digest: sha256(body),
  }
}

/** @throws IntegrityError `INTEGRITY_FORGED`: nothing of it was believed before the signature was */
export function openBaseline(
  text: string,
  verify: BaselineVerifier,
): { readonly baseline: Baseline; readonly digest: string } {
  try {
    const file = FileShape.parse(JSON.parse(text))
    if (!verify(Buffer.from(DOMAIN + file.baseline), Buffer.from(file.signature, 'base64'))) {
      throw new Error('no key of this host signed it')
    }
    return { baseline: BaselineShape.parse(JSON.parse(file.baseline)), digest: sha256(file.baseline) }
  } catch (cause) {
    throw new IntegrityError(INTEGRITY_ERRORS, 'INTEGRITY_FORGED', {
      what: `the baseline is not one that was taken here: ${messageOf(cause).slice(0, 200)}`,
      fix: 'look at what happened to it; then take a new one: warder integrity baseline',
      cause,
    })
  }
}

import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson, digestOf, sha256, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { noteKeyId, openNote, signNote, type NoteSigner } from '../../core/note.ts'
import { IncidentError } from './errors.ts'

/**
 * Everything about some incidents in one file that can be verified without this machine: the incidents, the stretch of
 * the record they lie in with its checkpoints, and the state of the house. One signature is over all of it.
 */
const FORMAT = 'warder-incident-bundle/1'

const EntryShape = z.looseObject({ seq: z.int().min(1), hash: z.string(), prev_hash: z.string() })
const BodyShape = z.strictObject({
  format: z.literal(FORMAT),
  exportedAt: z.iso.datetime(),
  origin: z.string().min(1).max(200),
  version: z.string(),
  incidents: z.array(z.looseObject({ id: z.string() })),
  ledger: z.strictObject({
    entries: z.array(EntryShape),
    checkpoints: z.array(z.string()),
    head: z.strictObject({ seq: z.int().min(0), hash: z.string() }),
    /** Entries of the stretch that did not fit. */
    left: z.int().min(0),
  }),
  evidence: z.record(z.string(), z.unknown()),
  state: z.record(z.string(), z.unknown()),
})
const BundleShape = z.strictObject({ body: BodyShape, note: z.string() })

export type BundleBody = Omit<z.infer<typeof BodyShape>, 'format'>
export type BundleEntry = z.infer<typeof EntryShape>

export interface BundleKey {
  readonly publicKey: KeyObject
  sign(bytes: Uint8Array): Uint8Array
}

export function makeBundle(about: BundleBody, key: BundleKey): string {
  // through JSON once, so that what is signed is what whoever reads it will see
  const body = JSON.parse(JSON.stringify({ format: FORMAT, ...about })) as Json
  const name = signerName(about.origin)
  const signer: NoteSigner = { name, publicKey: key.publicKey, sign: (bytes) => key.sign(bytes) }
  return `${JSON.stringify({ body, note: signNote(noteText(name, body), signer) }, undefined, 1)}\n`
}

export interface BundleCheck {
  /** Whether everything in it is what was exported. */
  readonly ok: boolean
  readonly faults: readonly string[]
  /** What this result says nothing about. */
  readonly notCovered: readonly string[]
  readonly origin: string
  readonly exportedAt: string
  /** The key that signed it, as its hint in the note; empty when none of ours did. */
  readonly signedBy: string
  readonly incidents: readonly string[]
  readonly entries: { readonly first: number; readonly last: number; readonly count: number }
  /** The entry up to which a checkpoint in it vouches for the record. */
  readonly checkpointedUpTo: number
}

const MOST_FAULTS = 20

/**
 * Verifies a bundle, offline. Without a key nothing is verified.
 *
 * @throws IncidentError `BUNDLE_INVALID` when it is no bundle at all
 */
export function verifyBundle(text: string, keys: readonly KeyObject[]): BundleCheck {
  const { body, note } = parsed(text)
  const faults: string[] = []
  const signedBy = signatureOf(body, note, keys, faults)
  checkChain(body.ledger.entries, faults)
  const checkpointedUpTo = checkCheckpoints(body, keys, faults)
  const { entries, left } = body.ledger
  const last = entries.at(-1)?.seq ?? 0
  const notCovered = [
    ...(last > checkpointedUpTo
      ? [
          `entries after ${checkpointedUpTo}: no checkpoint in it is that new; its own signature vouches for them`,
        ]
      : []),
    ...(left > 0 ? [`${left} further entries that did not fit`] : []),
  ]
  return {
    ...{ ok: faults.length === 0, faults: faults.slice(0, MOST_FAULTS), notCovered },
    ...{ origin: body.origin, exportedAt: body.exportedAt, signedBy },
    incidents: body.incidents.map(({ id }) => id),
    entries: { first: entries[0]?.seq ?? 0, last, count: entries.length },
    checkpointedUpTo,
  }
}

function parsed(text: string): z.infer<typeof BundleShape> {
  try {
    return BundleShape.parse(JSON.parse(text))
  } catch (cause) {
    throw new IncidentError('BUNDLE_INVALID', {
      what: `this is not a bundle of incidents: ${messageOf(cause).slice(0, 300)}`,
      fix: 'give the file as it was written by warder incident export',
      cause,
    })
  }
}

/** @returns the hint of the key; '' when the signature is of no key of ours, or wrong */
function signatureOf(
  body: z.infer<typeof BodyShape>,
  note: string,
  keys: readonly KeyObject[],
  faults: string[],
): string {
  const name = signerName(body.origin)
  try {
    if (keys.length === 0) throw new Error('there is no key to check it with')
    const { text, by } = openNote(
      note,
      keys.map((publicKey) => ({ name, publicKey })),
    )
    if (text !== noteText(name, body as unknown as Json))
      throw new Error('what was signed is not what is in it')
    return by[0] === undefined ? '' : noteKeyId(by[0]).toString('hex')
  } catch (error) {
    faults.push(`signature: ${messageOf(error)}`)
    return ''
  }
}

function checkChain(entries: readonly BundleEntry[], faults: string[]): void {
  for (const [i, entry] of entries.entries()) {
    const { hash, ...rest } = entry
    if (sha256(canonicalJson(rest as unknown as Json)) !== hash)
      faults.push(`entry ${entry.seq}: its content is not what its hash is of`)
    const before = entries[i - 1]
    if (before !== undefined && (entry.prev_hash !== before.hash || entry.seq !== before.seq + 1))
      faults.push(`entry ${entry.seq}: it does not follow entry ${before.seq}`)
  }
}

/** @returns the newest entry a right checkpoint is of */
function checkCheckpoints(
  { ledger, origin }: z.infer<typeof BodyShape>,
  keys: readonly KeyObject[],
  faults: string[],
): number {
  const bySeq = new Map(ledger.entries.map(({ seq, hash }) => [seq, hash]))
  let upTo = 0
  for (const note of ledger.checkpoints) {
    try {
      const { text } = openNote(
        note,
        keys.map((publicKey) => ({ name: origin, publicKey })),
      )
      const [name, size, root = ''] = text.split('\n')
      const seq = Number(size)
      const known = bySeq.get(seq)
      if (name !== origin || !Number.isSafeInteger(seq)) throw new Error('it is of another record')
      if (known !== undefined && known !== Buffer.from(root, 'base64').toString('hex'))
        throw new Error(`entry ${seq} is not the one that was signed`)
      if (known !== undefined) upTo = Math.max(upTo, seq)
    } catch (error) {
      faults.push(`checkpoint: ${messageOf(error)}`)
    }
  }
  return upTo
}

/** Not the name of the record itself, so that its checkpoints and this are never taken for each other. */
function signerName(origin: string): string {
  return `${origin.replaceAll(/\s/g, '')}/incidents`
}

function noteText(name: string, body: Json): string {
  return `${name}\n${FORMAT}\n${digestOf(body)}\n`
}

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyObject } from 'node:crypto'
import { digestOf, type Json } from '../../core/canonical.ts'
import { openNote, signNote } from '../../core/note.ts'
import { readSmallFile } from '../../platform/files.ts'
import type { CheckpointSigner } from './checkpoint.ts'

/** One segment in an archive. */
export interface ArchivedSegment {
  readonly number: number
  readonly name: string
  readonly bytes: number
  /** Of the segment file as it was. */
  readonly sha256: string
  readonly first_seq: number
  readonly last_seq: number
  /** The hash of the entry before the first. */
  readonly prev_hash: string
  readonly last_hash: string
}

/** What an archive holds, signed: enough to check the chain across it without opening it. */
export interface Manifest {
  readonly v: 1
  readonly origin: string
  /** `YYYY-MM`, UTC. */
  readonly month: string
  readonly created: string
  readonly archive: string
  readonly archive_bytes: number
  /** Of the encrypted file. */
  readonly archive_sha256: string
  readonly recipients: readonly string[]
  readonly segments: readonly ArchivedSegment[]
}

const MAX_BYTES = 1024 * 1024

/** The manifest's file: the manifest, and a signed note over its digest. */
export function formatManifest(manifest: Manifest, signer: CheckpointSigner): string {
  const { origin: name } = manifest
  const note = signNote(noteText(manifest), {
    name,
    publicKey: signer.publicKey,
    sign: (bytes) => signer.sign(bytes),
  })
  return `${JSON.stringify({ manifest, note }, null, 2)}\n`
}

/** @throws Error when the file is not a manifest of ours, or its signature does not hold */
export function readManifest(path: string, origin: string | undefined, keys: readonly KeyObject[]): Manifest {
  const file = JSON.parse(readSmallFile(path, MAX_BYTES)?.toString() ?? '') as {
    manifest: Manifest
    note: string
  }
  const { manifest, note } = file
  if (typeof note !== 'string' || !isManifest(manifest)) throw new Error('it is not a manifest')
  if (origin !== undefined && manifest.origin !== origin) throw new Error(`it is of another ledger`)
  const { text } = openNote(
    note,
    keys.map((publicKey) => ({ name: manifest.origin, publicKey })),
  )
  if (text !== noteText(manifest)) throw new Error('its signature is of another manifest')
  return manifest
}

/** Paths of the manifests in a ledger directory, oldest month first. */
export function listManifests(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => /^archive-\d{4}-\d{2}\.json$/.test(name))
    .sort()
    .map((name) => join(directory, name))
}

function noteText(manifest: Manifest): string {
  const digest = Buffer.from(digestOf(manifest as unknown as Json), 'hex').toString('base64')
  return `${manifest.origin}/archive\n${manifest.month}\n${digest}\n`
}

function isManifest(value: unknown): value is Manifest {
  const { v, origin, month, archive, segments } = (value ?? {}) as Partial<Manifest>
  return (
    v === 1 &&
    typeof origin === 'string' &&
    typeof month === 'string' &&
    typeof archive === 'string' &&
    /^archive-\d{4}-\d{2}\.age$/.test(archive) &&
    Array.isArray(segments) &&
    segments.length > 0 &&
    segments.every(isSegment)
  )
}

function isSegment(value: unknown): boolean {
  const { number, first_seq, last_seq, prev_hash, last_hash } = (value ?? {}) as Partial<ArchivedSegment>
  return (
    [number, first_seq, last_seq].every((count) => Number.isSafeInteger(count) && Number(count) > 0) &&
    [prev_hash, last_hash].every((hash) => typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash))
  )
}

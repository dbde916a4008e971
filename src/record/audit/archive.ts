import { createHash, randomBytes, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { messageOf } from '../../core/error.ts'
import { syncDirectory, writeFileAtomic } from '../../platform/files.ts'
import type { CheckpointSigner } from './checkpoint.ts'
import { auditError } from './errors.ts'
import { linkOf } from './link.ts'
import { formatManifest, type ArchivedSegment, type Manifest } from './manifest.ts'
import { listSegments, openForReading, type Segment } from './segments.ts'
import { hashOf } from './serialise.ts'
import { readTar, tarOf } from './tar.ts'

export interface ArchiveRequest {
  /** `YYYY-MM`, UTC; it must be over. */
  readonly month: string
  /** age recipients (`age1…`). Whoever holds one of their identities can read the archive; Warder cannot. */
  readonly recipients: readonly string[]
  /** Remove the segments once the archive was read back and found whole. */
  readonly remove?: boolean
}

interface ArchiveContext {
  readonly origin: string
  readonly signer: CheckpointSigner
  readonly now: number
}

const PAGE = 1000

/** Loaded once a month at most: it brings whole families of curves, which no start should wait for. */
const age = () => import('age-encryption')

/**
 * Puts the ended segments of a month into `archive-YYYY-MM.age` (tar, zstd, age) with a signed manifest beside it, both
 * read-only. Before anything is removed the archive is decrypted again and compared with the segments; the identity for
 * that lives in memory only and is forgotten.
 *
 * @throws AuditError `AUDIT_INVALID`, `AUDIT_MISSING`, `AUDIT_ARCHIVED`, `AUDIT_TAMPERED`, `AUDIT_UNWRITABLE`
 */
export async function archiveMonth(
  directory: string,
  { month, recipients, remove = false }: ArchiveRequest,
  { origin, signer, now }: ArchiveContext,
): Promise<Manifest> {
  checkRequest(month, recipients, now)
  const archive = `archive-${month}.age`
  const target = join(directory, archive)
  const manifestPath = join(directory, `archive-${month}.json`)
  if (existsSync(manifestPath)) {
    throw auditError('AUDIT_ARCHIVED', `${month} is archived already`, `see ${manifestPath}`)
  }
  const chosen = segmentsOf(directory, month)
  const segments: ArchivedSegment[] = []
  for (const segment of chosen) segments.push(await describe(segment))
  const temporary = join(directory, `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    const { generateX25519Identity, identityToRecipient } = await age()
    const identity = await generateX25519Identity()
    await encryptTo(temporary, chosen, segments, [...recipients, await identityToRecipient(identity)])
    const archive_sha256 = await compare(temporary, identity, segments)
    renameSync(temporary, target)
    const manifest: Manifest = {
      v: 1,
      origin,
      month,
      created: new Date(now).toISOString(),
      archive,
      archive_bytes: statSync(target).size,
      archive_sha256,
      recipients,
      segments,
    }
    writeFileAtomic(manifestPath, formatManifest(manifest, signer), 0o400)
    if (remove) for (const { path } of chosen) removeSegment(path)
    syncDirectory(directory)
    return manifest
  } catch (cause) {
    throw auditError(
      'AUDIT_UNWRITABLE',
      `${month} could not be archived: ${messageOf(cause)}`,
      'check the recipients (age1…) and the free space; no segment was removed',
      cause,
    )
  } finally {
    rmSync(temporary, { force: true })
  }
}

function checkRequest(month: string, recipients: readonly string[], now: number): void {
  const isMonth = /^\d{4}-(0[1-9]|1[0-2])$/.test(month)
  if (
    !isMonth ||
    recipients.length === 0 ||
    !recipients.every((one) => /^age1[02-9ac-hj-np-z]{58}$/.test(one))
  ) {
    throw auditError(
      'AUDIT_INVALID',
      'an archive needs a month and the X25519 recipients it is encrypted to',
      'write the month as YYYY-MM, and recipients as age-keygen prints them: age1…',
    )
  }
  if (new Date(now).toISOString().slice(0, 7) <= month) {
    throw auditError('AUDIT_ARCHIVED', `${month} is not over yet`, 'archive a month when it has ended (UTC)')
  }
}

/** The ended segments whose first entry is of that month; never the one that is written to. */
function segmentsOf(directory: string, month: string): Segment[] {
  const ended = listSegments(directory).slice(0, -1)
  const chosen = ended.filter(({ path }) => monthOf(path) === month)
  if (chosen.length > 0) return chosen
  throw auditError(
    'AUDIT_MISSING',
    `no ended segment is of ${month}`,
    'the last segment ends with the first entry of a later day; see the segments in the ledger directory',
  )
}

function monthOf(path: string): string | undefined {
  const db = openForReading(path)
  try {
    const row = db?.prepare('SELECT body FROM log ORDER BY seq LIMIT 1').get() as { body: string } | undefined
    return /"timestamp":"(\d{4}-\d{2})/.exec(row?.body.slice(-60) ?? '')?.[1]
  } finally {
    db?.close()
  }
}

/** Checks the chain inside a segment while describing it: what does not hold is not put away out of sight. */
async function describe({ number, path }: Segment): Promise<ArchivedSegment> {
  if (existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0) {
    throw auditError(
      'AUDIT_UNWRITABLE',
      `${path} is still being written to`,
      'close what has it open, then try again',
    )
  }
  const db = openForReading(path)
  try {
    const page = db!.prepare('SELECT seq, hash, body FROM log WHERE seq > ? ORDER BY seq LIMIT ?')
    let first: { seq: number; prev: string } | undefined
    let last = { seq: 0, hash: '' }
    for (;;) {
      const rows = page.all(last.seq, PAGE) as { seq: number; hash: Uint8Array; body: string }[]
      if (rows.length === 0) break
      for (const { seq, hash, body } of rows) {
        const link = linkOf(body)
        const own = hashOf(body)
        const follows = first === undefined || (seq === last.seq + 1 && link?.prevHash === last.hash)
        if (own !== Buffer.from(hash).toString('hex') || link?.seq !== seq || !follows) throw broken(seq)
        first ??= { seq, prev: link.prevHash }
        last = { seq, hash: own }
      }
    }
    if (first === undefined) throw broken(0)
    const sha256 = await digestOf(path)
    const name = path.slice(path.lastIndexOf('/') + 1)
    const range = { first_seq: first.seq, last_seq: last.seq, prev_hash: first.prev, last_hash: last.hash }
    return { number, name, bytes: statSync(path).size, sha256, ...range }
  } finally {
    db?.close()
  }
}

async function encryptTo(
  target: string,
  chosen: readonly Segment[],
  segments: readonly ArchivedSegment[],
  recipients: readonly string[],
): Promise<void> {
  const { Encrypter } = await age()
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  const files = chosen.map(({ path }, at) => ({
    name: segments[at]!.name,
    path,
    bytes: segments[at]!.bytes,
    modified: Math.floor(statSync(path).mtimeMs / 1000),
  }))
  const compressed = Readable.from(tarOf(files)).pipe(createZstdCompress())
  const encrypted = await encrypter.encrypt(Readable.toWeb(compressed) as ReadableStream<Uint8Array>)
  const source = Readable.fromWeb(encrypted as Parameters<typeof Readable.fromWeb>[0])
  await pipeline(source, createWriteStream(target, { flags: 'wx', mode: 0o400, flush: true }))
}

/** Decrypts the archive and compares every file in it with the segments; returns the digest of the archive. */
async function compare(
  path: string,
  identity: string,
  segments: readonly ArchivedSegment[],
): Promise<string> {
  const { Decrypter } = await age()
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const whole = createHash('sha256')
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      whole.update(chunk)
      done(null, chunk)
    },
  })
  const source = createReadStream(path).pipe(counted)
  const plain = await decrypter.decrypt(Readable.toWeb(source) as ReadableStream<Uint8Array>)
  const files: { name: string; bytes: number; sum: Hash }[] = []
  const unpacked = Readable.fromWeb(plain as Parameters<typeof Readable.fromWeb>[0]).pipe(
    createZstdDecompress(),
  )
  await readTar(
    unpacked as AsyncIterable<Buffer>,
    (name, bytes) => files.push({ name, bytes, sum: createHash('sha256') }),
    (chunk) => files.at(-1)!.sum.update(chunk),
  )
  const found = files.map(({ name, bytes, sum }) => `${name} ${bytes} ${sum.digest('hex')}`)
  const wanted = segments.map(({ name, bytes, sha256 }) => `${name} ${bytes} ${sha256}`)
  if (found.join() !== wanted.join()) throw new Error('the archive does not hold what was put into it')
  return whole.digest('hex')
}

function removeSegment(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
}

async function digestOf(path: string): Promise<string> {
  const sum = createHash('sha256')
  for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer)
  return sum.digest('hex')
}

function broken(seq: number): Error {
  return auditError(
    'AUDIT_TAMPERED',
    `entry ${seq} does not hold, so its segment is not archived`,
    'run warder audit verify, and keep the directory as evidence',
  )
}

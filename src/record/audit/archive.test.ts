import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { sha256 } from '../../core/canonical.ts'
import { appendReads, place, tamper } from './example.ts'
import { listSegments } from './segments.ts'
import { readTar } from './tar.ts'

const MONTH = '2026-01'

/** Two days of January, one of February; and somebody to encrypt to. */
async function months(t: TestContext) {
  const at = place(t)
  const ledger = await at.open()
  at.time.ms = Date.UTC(2026, 0, 30, 12)
  await appendReads(ledger, 10)
  for (const day of [Date.UTC(2026, 0, 31, 12), Date.UTC(2026, 1, 1, 12), Date.UTC(2026, 1, 2, 12)]) {
    at.time.ms = day
    await appendReads(ledger, 10)
  }
  const identity = await generateX25519Identity()
  return { ...at, ledger, identity, recipients: [await identityToRecipient(identity)] }
}

test('an archive holds the ended segments of the month, and its recipient can read them', async (t) => {
  const { ledger, directory, identity, recipients } = await months(t)
  const segments = listSegments(directory).slice(0, -1)
  const manifest = await ledger.archive({ month: MONTH, recipients })
  assert.deepEqual(manifest.recipients, recipients)
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  const tar = zstdDecompressSync(await decrypter.decrypt(readFileSync(join(directory, manifest.archive))))
  const files = new Map<string, Buffer[]>()
  const parts: Buffer[][] = []
  await readTar(
    (async function* () {
      yield tar
    })(),
    (name) => {
      parts.push([])
      files.set(name, parts.at(-1)!)
    },
    (chunk) => parts.at(-1)!.push(chunk),
  )
  for (const { name, sha256: digest } of manifest.segments) {
    assert.equal(sha256(Buffer.concat(files.get(name) ?? [])), digest)
    assert.ok(segments.some(({ path }) => path.endsWith(name)))
  }
})

test('archive and manifest are read-only, and archiving is itself recorded', async (t) => {
  const { ledger, directory, recipients } = await months(t)
  const manifest = await ledger.archive({ month: MONTH, recipients })
  for (const name of [`archive-${MONTH}.age`, `archive-${MONTH}.json`]) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, 0o400, name)
  }
  const [entry] = ledger.query({ action: 'ledger:archived' })
  assert.equal(entry!.details['archive_sha256'], manifest.archive_sha256)
})

test('the chain is verified across archived and removed segments, without the key of their content', async (t) => {
  const { ledger, directory, recipients, verify } = await months(t)
  const { segments } = await ledger.archive({ month: MONTH, recipients, remove: true })
  for (const { name } of segments) assert.equal(existsSync(join(directory, name)), false)
  await ledger.close()
  const result = await verify()
  assert.deepEqual(result.faults, [])
  assert.equal(result.ok, true)
  assert.match(result.notCovered.join('\n'), /in the archive of 2026-01/)
})

test('a ledger whose oldest segments are archived is opened and read from what is left', async (t) => {
  const { ledger, open, recipients } = await months(t)
  const { segments } = await ledger.archive({ month: MONTH, recipients, remove: true })
  await ledger.close()
  const again = await open()
  assert.equal(again.read(0, 1)[0]!.seq, segments.at(-1)!.last_seq + 1)
  assert.throws(() => again.get(1), { code: 'AUDIT_MISSING' })
})

test('a changed archive, a changed manifest and a missing one are found', async (t) => {
  const { ledger, directory, recipients, verify } = await months(t)
  await ledger.archive({ month: MONTH, recipients, remove: true })
  await ledger.close()
  const archive = join(directory, `archive-${MONTH}.age`)
  const manifest = join(directory, `archive-${MONTH}.json`)
  const [archiveBytes, manifestText] = [readFileSync(archive), readFileSync(manifest, 'utf8')]
  chmodSync(archive, 0o600)
  chmodSync(manifest, 0o600)
  const flipped = Buffer.from(archiveBytes)
  flipped[flipped.length - 1]! ^= 1
  writeFileSync(archive, flipped)
  assert.equal((await verify()).ok, false)
  writeFileSync(archive, archiveBytes)
  assert.equal((await verify()).ok, true)
  writeFileSync(manifest, manifestText.replace(/"last_seq": \d+/, '"last_seq": 7'))
  assert.equal((await verify()).ok, false)
  rmSync(manifest)
  assert.equal((await verify()).ok, false)
})

test('a segment that does not hold is not put away', async (t) => {
  const { ledger, directory, recipients, open } = await months(t)
  await ledger.close()
  const all = listSegments(directory)
  const newest = all.slice(1).map(({ path }) => path)
  const aside = newest.map((path) => [path, readFileSync(path)] as const)
  for (const path of newest) rmSync(path)
  tamper(directory, `UPDATE log SET body = replace(body, 'may read', 'may rule') WHERE seq = 3`)
  for (const [path, bytes] of aside) writeFileSync(path, bytes, { mode: 0o600 })
  const again = await open()
  await assert.rejects(again.archive({ month: MONTH, recipients, remove: true }), { code: 'AUDIT_TAMPERED' })
  assert.deepEqual(listSegments(directory).length, all.length)
})

test('what cannot be archived is refused by name', async (t) => {
  const { ledger, recipients } = await months(t)
  const refused = async (month: string, to: readonly string[], code: string) =>
    assert.rejects(ledger.archive({ month, recipients: to }), { code }, month)
  await refused('2026-13', recipients, 'AUDIT_INVALID')
  await refused(MONTH, [], 'AUDIT_INVALID')
  await refused(MONTH, ['age1pq1xyz'], 'AUDIT_INVALID')
  await refused('2026-02', recipients, 'AUDIT_ARCHIVED')
  await refused('2025-12', recipients, 'AUDIT_MISSING')
  await ledger.archive({ month: MONTH, recipients })
  await refused(MONTH, recipients, 'AUDIT_ARCHIVED')
})

test('the age and tar of the distribution unpack an archive', async (t) => {
  const { ledger, root, directory, identity, recipients } = await months(t)
  try {
    execFileSync('age', ['--version'], { stdio: 'ignore' })
  } catch {
    t.skip('age is not installed, so nothing but our own library was tried on the archive')
    return
  }
  const { archive, segments } = await ledger.archive({ month: MONTH, recipients })
  writeFileSync(join(root, 'identity'), `${identity}\n`, { mode: 0o600 })
  const compressed = execFileSync('age', ['-d', '-i', join(root, 'identity'), join(directory, archive)], {
    maxBuffer: 1e8,
  })
  execFileSync('tar', ['-x', '-C', root], { input: zstdDecompressSync(compressed) })
  for (const { name, sha256: digest } of segments)
    assert.equal(sha256(readFileSync(join(root, name))), digest)
})

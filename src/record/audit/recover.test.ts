import assert from 'node:assert/strict'
import { chmodSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { appendReads, place, READ, testSigner } from './example.ts'
import { listSegments } from './segments.ts'
import { hashOf } from './serialise.ts'

test('what was half written of a checkpoint when the machine died is taken away, and told', async (t) => {
  const { open, directory, verify } = place(t)
  const first = await open()
  await first.close()
  const path = join(directory, 'checkpoints')
  writeFileSync(path, `${readFileSync(path, 'utf8')}warder/test-host/audit\n12`)
  const second = await open()
  assert.match(second.health().degraded.join(), /half written/)
  await second.close()
  assert.equal((await verify()).ok, true)
})

test('a ledger shorter than a checkpoint is not opened', async (t) => {
  const { open, directory } = place(t)
  const ledger = await open()
  await appendReads(ledger, 20)
  await ledger.close()
  const db = new DatabaseSync(listSegments(directory)[0]!.path)
  db.exec('DROP TRIGGER log_no_delete; DELETE FROM log WHERE seq > 10')
  db.close()
  await assert.rejects(open(), { code: 'AUDIT_TRUNCATED' })
  await assert.rejects(open(), { code: 'AUDIT_TRUNCATED' }) // and the first refusal left no lock behind
})

test('an old copy of everything is not opened when the witness has seen more', async (t) => {
  const { open, directory, root } = place(t)
  const first = await open()
  await first.close()
  cpSync(directory, join(root, 'old'), { recursive: true })
  const second = await open()
  await appendReads(second, 5)
  await second.close()
  rmSync(directory, { recursive: true })
  cpSync(join(root, 'old'), directory, { recursive: true })
  chmodSync(directory, 0o700)
  await assert.rejects(open(), { code: 'AUDIT_TRUNCATED' })
})

test('an entry changed behind the last checkpoint keeps the ledger from being opened', async (t) => {
  const { open, directory } = place(t)
  const ledger = await open()
  const { seq } = ledger.head()
  await ledger.close()
  const db = new DatabaseSync(listSegments(directory)[0]!.path)
  db.exec(
    `DROP TRIGGER log_no_update; UPDATE log SET body = replace(body, 'opened', 'opener') WHERE seq = ${seq}`,
  )
  db.close()
  await assert.rejects(open(), { code: 'AUDIT_TAMPERED' })
})

test('a last entry replaced by a well-formed one keeps the ledger from being opened', async (t) => {
  const { open, directory } = place(t)
  const ledger = await open()
  const { seq } = await ledger.append(READ)
  await ledger.close()
  const db = new DatabaseSync(listSegments(directory)[0]!.path)
  const { body } = db.prepare('SELECT body FROM log WHERE seq = ?').get(seq) as { body: string }
  const forged = body.replace('may read', 'may rule')
  db.exec('DROP TRIGGER log_no_update')
  db.prepare('UPDATE log SET body = ?, hash = ? WHERE seq = ?').run(
    forged,
    Buffer.from(hashOf(forged), 'hex'),
    seq,
  )
  db.close()
  await assert.rejects(open(), { code: 'AUDIT_TAMPERED', message: /checkpoint signed for it/ })
})

test('a ledger signed with a key nobody vouches for is not opened', async (t) => {
  const { open, signer } = place(t)
  await (await open()).close()
  await assert.rejects(open({ signer: testSigner() }), { code: 'AUDIT_TAMPERED' })
  const rotated = await open({ signer: testSigner(), trustedKeys: [signer.publicKey] })
  assert.equal(rotated.health().ok, true)
})

test('a ledger without its checkpoints is not opened, so that nobody signs a rewritten one', async (t) => {
  const { open, directory } = place(t)
  const ledger = await open()
  await appendReads(ledger, 3)
  await ledger.close()
  rmSync(join(directory, 'checkpoints'))
  await assert.rejects(open({ witnessPath: join(directory, 'no-witness') }), { code: 'AUDIT_TAMPERED' })
})

test('a witness copy that went missing is told, recorded, and written anew', async (t) => {
  const { open, witnessPath } = place(t)
  await (await open()).close()
  rmSync(witnessPath)
  const ledger = await open()
  assert.match(ledger.health().degraded.join(), /was missing/)
  assert.match(
    String(ledger.query({ action: 'ledger:opened', order: 'newest' })[0]!.details['notices']),
    /was missing/,
  )
  assert.ok(existsSync(witnessPath))
})

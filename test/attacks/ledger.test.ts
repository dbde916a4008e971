import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test, type TestContext } from 'node:test'
import { signCheckpoint } from '../../src/record/audit/checkpoint.ts'
import { hashOf } from '../../src/record/audit/serialise.ts'
import { house, type Result } from '../kit/house.ts'
import { configure, owner } from '../kit/owner.ts'
import { endDaemon, tamper } from '../kit/restart.ts'

// Ways to change what was written down, by somebody who may write every file but has not the signing key.

const home = house({ after })
const witness = join(home.home, 'witness')
configure(home, 'config.yaml', `audit:\n  witness: ${witness}\n`)
const directory = join(home.state, 'audit')
const older = join(home.home, 'older')
const SEGMENT = 'segment-00000001.db'
const AT = 9

async function fill(count: number): Promise<void> {
  const me = await owner({ after }, home)
  const ask = (at: number) => me.call('decide', { as: 'reader', capability: `fs:read:/srv/data/${at}` })
  await Promise.all(Array.from({ length: count }, (_, at) => ask(at)))
  me.client.close()
  await endDaemon(home)
}

await fill(30)
cpSync(directory, older, { recursive: true })
await fill(10)

interface Verified {
  readonly ok: boolean
  readonly first?: { readonly kind: string; readonly seq?: number; readonly what: string }
  readonly faults: readonly { readonly kind: string; readonly what: string }[]
}

/** By the program's own code in this process, or `by` the program, as some tests ask for. */
function verify(more: readonly string[] = [], by = home.command): Promise<Result> {
  return by(['audit', 'verify', '--json', ...more])
}

/** A copy of the ledger, done to as `attack` does, and what verification says of it: that it does not verify. */
async function afterAttack(
  t: TestContext,
  attack: (copy: string, segment: string) => void,
  from = directory,
  by = home.command,
): Promise<Verified> {
  const copy = mkdtempSync(join(home.home, 'copy-'))
  t.after(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(from, copy, { recursive: true })
  attack(copy, join(copy, SEGMENT))
  const result = await verify(['--directory', copy], by)
  assert.equal(result.code, 8, result.stdout)
  const verified = result.json<Verified>()
  assert.equal(verified.ok, false)
  return verified
}

function rows(segment: string): { seq: number; body: string }[] {
  const db = new DatabaseSync(segment, { readOnly: true })
  try {
    return db.prepare('SELECT seq, body FROM log ORDER BY seq').all() as { seq: number; body: string }[]
  } finally {
    db.close()
  }
}

test('the ledger as it was written verifies, and so does an exact copy', async () => {
  const whole = await verify()
  assert.equal(whole.code, 0, whole.stdout)
  assert.equal(whole.json<Verified>().ok, true)
  const copy = mkdtempSync(join(home.home, 'copy-'))
  cpSync(directory, copy, { recursive: true })
  assert.equal((await verify(['--directory', copy])).code, 0)
})

for (const field of ['agent', 'action', 'decision', 'reason', 'target', 'timestamp', 'result', 'rule']) {
  test(`a changed ${field} is found, and its entry is named`, async (t) => {
    const { first } = await afterAttack(t, (_copy, segment) => {
      const entry = JSON.parse(rows(segment)[AT - 1]!.body) as Record<string, unknown>
      const body = JSON.stringify({ ...entry, [field]: `${String(entry[field])}x` })
      assert.equal(tamper(segment, 'UPDATE log SET body = ? WHERE seq = ?', body, AT), 1)
    })
    assert.equal(first?.seq, AT)
    assert.match(first.what, new RegExp(`entry ${AT}\\b`))
  })
}

test('a deleted entry is found', async (t) => {
  const remove = (_copy: string, segment: string): void => {
    assert.equal(tamper(segment, 'DELETE FROM log WHERE seq = ?', AT), 1)
  }
  const { first } = await afterAttack(t, remove, directory, home.warder)
  assert.equal(first?.seq, AT)
})

test('an inserted entry is found', async (t) => {
  const last = rows(join(directory, SEGMENT)).at(-1)!
  const { first } = await afterAttack(t, (_copy, segment) => {
    const body = last.body.replace(/"seq":\d+/, `"seq":${last.seq + 1}`)
    tamper(segment, 'INSERT INTO log VALUES (?, ?, ?)', last.seq + 1, Buffer.from(hashOf(body), 'hex'), body)
  })
  assert.equal(first?.seq, last.seq + 1)
})

test('reordered entries are found', async (t) => {
  const { first } = await afterAttack(t, (_copy, segment) => {
    tamper(segment, 'UPDATE log SET seq = 100000 WHERE seq = ?', AT)
    tamper(segment, 'UPDATE log SET seq = ? WHERE seq = ?', AT, AT + 1)
    tamper(segment, 'UPDATE log SET seq = ? WHERE seq = 100000', AT + 1)
  })
  assert.equal(first?.seq, AT)
})

test('a tail that was cut off is noticed, checkpoints and all, because a copy was kept elsewhere', async (t) => {
  const { faults } = await afterAttack(t, (copy, segment) => {
    tamper(segment, 'DELETE FROM log WHERE seq > ?', AT)
    cpSync(join(older, 'checkpoints'), join(copy, 'checkpoints'))
  })
  assert.ok(
    faults.some(({ kind }) => kind === 'truncated' || kind === 'witness'),
    JSON.stringify(faults),
  )
})

test('an older copy of the whole directory is noticed by the witness, though everything in it is right', async (t) => {
  const alone = await verify(['--directory', older, '--witness', join(home.home, 'no-such')])
  const { faults } = alone.json<Verified>()
  assert.deepEqual(
    faults.map(({ kind }) => kind),
    ['witness'], // nothing else is wrong with it
  )
  const { first } = await afterAttack(t, () => undefined, older)
  assert.match(first?.what ?? '', /witness|shorter|missing|signed/)
})

test('a ledger rewritten with a right chain, but without the key, does not verify', async (t) => {
  const rewrite = (segment: string): { seq: number; hash: string } => {
    let last = { seq: 0, hash: '' }
    for (const { seq, body } of rows(segment)) {
      const linked = seq === 1 ? body : body.replace(/"prev_hash":"\w{64}"/, `"prev_hash":"${last.hash}"`)
      const changed = seq === AT ? linked.replace('/srv/data/', '/srv/DATA/') : linked
      last = { seq, hash: hashOf(changed) }
      tamper(
        segment,
        'UPDATE log SET body = ?, hash = ? WHERE seq = ?',
        changed,
        Buffer.from(last.hash, 'hex'),
        seq,
      )
    }
    return last
  }
  const kept = await afterAttack(t, (copy, segment) => {
    for (const name of readdirSync(copy)) if (name.startsWith('index.db')) unlinkSync(join(copy, name))
    rewrite(segment)
  })
  assert.ok(
    kept.faults.some(({ kind }) => kind === 'checkpoint'),
    JSON.stringify(kept.faults),
  )
  const resigned = await afterAttack(t, (copy, segment) => {
    for (const name of readdirSync(copy)) if (name.startsWith('index.db')) unlinkSync(join(copy, name))
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const signer = { publicKey, sign: (bytes: Uint8Array) => sign(null, bytes, privateKey) }
    const origin = 'warder/0000000000000000/audit'
    writeFileSync(join(copy, 'checkpoints'), `${signCheckpoint(origin, rewrite(segment), signer).note}\n`)
  })
  assert.ok(
    resigned.faults.some(({ what }) => /^checkpoint 1 does not hold/.test(what)),
    JSON.stringify(resigned.faults),
  )
})

test('checkpoints that were taken away, or a segment, are missed', async (t) => {
  const unsigned = await afterAttack(t, (copy) => unlinkSync(join(copy, 'checkpoints')))
  assert.match(unsigned.first?.what ?? '', /checkpoints/)
  const emptied = await afterAttack(t, (copy) => {
    for (const name of readdirSync(copy)) if (name.startsWith('segment')) unlinkSync(join(copy, name))
  })
  assert.ok(emptied.faults.some(({ kind }) => kind === 'truncated' || kind === 'checkpoint'))
})

test('what cannot be looked at does not count as verified: no witness, no keys', async () => {
  const { code, stdout } = await verify(['--witness', join(home.home, 'gone')])
  assert.equal(code, 8)
  assert.match(stdout, /witness copy .*gone does not vouch/)
  const keyless = mkdtempSync(join(home.home, 'keys-'))
  const without = await verify(['--keys', keyless], home.warder)
  assert.notEqual(without.code, 0)
  assert.doesNotMatch(without.stdout, /"ok": ?true/)
  const nowhere = await verify(['--directory', join(home.home, 'nothing-here')], home.warder)
  assert.equal(nowhere.code, 8)
})

test('the database refuses to change or delete an entry by ordinary means', () => {
  const db = new DatabaseSync(join(directory, SEGMENT))
  try {
    assert.throws(() => db.exec(`UPDATE log SET body = ''`), /append-only/)
    assert.throws(() => db.exec('DELETE FROM log'), /append-only/)
  } finally {
    db.close()
  }
})

test('a daemon that finds its ledger cut off starts nothing and says why; put back, all goes on', async () => {
  const kept = join(home.home, 'kept')
  cpSync(directory, kept, { recursive: true })
  tamper(join(directory, SEGMENT), 'DELETE FROM log WHERE seq > ?', AT)
  for (const args of [['status'], ['run', '--agent', 'a', '--', '/bin/true']]) {
    const { code, stderr } = await home.warder(args)
    assert.equal(code, 7, stderr)
    assert.match(stderr, /a checkpoint was signed for \d+: its end is missing/)
  }
  assert.equal(rows(join(directory, SEGMENT)).length, AT) // and has not written over the evidence
  rmSync(directory, { recursive: true })
  cpSync(kept, directory, { recursive: true })
  chmodSync(directory, 0o700)
  const { code, stderr } = await home.warder(['run', '--agent', 'a', '--', '/bin/true'])
  assert.equal(code, 0, stderr)
  await endDaemon(home)
  assert.equal((await verify()).code, 0)
})

test('segments that change under load verify, while the daemon writes and after', async (t) => {
  const busy = house(t)
  const me = await owner(t, busy, ['audit.segment_size=64KiB', 'audit.checkpoint_every=50'])
  const ask = (at: number) => me.call('decide', { as: 'reader', capability: `fs:read:/srv/data/${at}` })
  const answers = await Promise.all(Array.from({ length: 600 }, (_, at) => ask(at)))
  assert.equal(new Set(answers.map(({ entry }) => entry)).size, 600)
  const segments = readdirSync(join(busy.state, 'audit')).filter((name) => /^segment-\d+\.db$/.test(name))
  assert.ok(segments.length > 3, segments.join())
  const during = await busy.command(['audit', 'verify'])
  assert.equal(during.code, 0, during.stdout)
  await endDaemon(busy)
  const afterwards = await busy.command(['audit', 'verify'])
  assert.equal(afterwards.code, 0, afterwards.stdout)
})

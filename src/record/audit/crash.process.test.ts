import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { temporaryDirectory, until } from './example.ts'
import { SegmentReader } from './segments.ts'
import { verifyLedger } from './verify.ts'

const CHILD = new URL('./crash.example.ts', import.meta.url).pathname

interface Writing {
  readonly child: ChildProcess
  readonly acknowledged: Map<number, string>
  readonly refusals: string[]
  readonly isReady: () => boolean
  readonly gone: Promise<unknown>
}

function start(root: string, privateKey: KeyObject, clients: number): Writing {
  const key = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')
  const child = spawn(
    process.execPath,
    [CHILD, join(root, 'ledger'), join(root, 'witness'), key, String(clients)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const acknowledged = new Map<number, string>()
  const refusals: string[] = []
  let ready = false
  const lines = createInterface({ input: child.stdout! })
  lines.on('line', (line) => {
    const [, seq, hash] = /^(\d+) ([0-9a-f]{64})$/.exec(line) ?? []
    if (line === 'ready') ready = true
    else if (seq !== undefined && hash !== undefined) acknowledged.set(Number(seq), hash)
    else if (line.startsWith('refused')) refusals.push(line)
  })
  return { child, acknowledged, refusals, isReady: () => ready, gone: once(lines, 'close') }
}

test('nothing acknowledged is lost and the chain holds, killed at any moment, twelve times over', async (t) => {
  const root = temporaryDirectory(t)
  const { privateKey } = generateKeyPairSync('ed25519')
  const keys = [createPublicKey(privateKey)]
  const all = new Map<number, string>()
  for (let run = 0; run < 12; run++) {
    const writing = start(root, privateKey, run % 2 === 0 ? 64 : 3)
    t.after(() => writing.child.kill('SIGKILL'))
    await until(() => writing.isReady() || writing.child.exitCode !== null)
    assert.equal(writing.child.exitCode, null, `run ${run} did not open the ledger that run ${run - 1} left`)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300))
    writing.child.kill('SIGKILL')
    await writing.gone
    for (const [seq, hash] of writing.acknowledged) all.set(seq, hash)
  }
  const directory = join(root, 'ledger')
  const { ok, faults, entries } = await verifyLedger({ directory, keys, witnessPath: join(root, 'witness') })
  assert.deepEqual(faults, [])
  assert.equal(ok, true)
  const reader = new SegmentReader(directory)
  t.after(() => reader.close())
  let found = 0
  for (let rows = reader.read(0, 1000); rows.length > 0; rows = reader.read(rows.at(-1)!.seq, 1000)) {
    for (const { seq, hash } of rows) if (all.get(seq) === hash) found++
  }
  assert.equal(found, all.size)
  assert.ok(all.size > 1000, `only ${all.size} entries were acknowledged`)
  t.diagnostic(`${all.size} acknowledged of ${entries} entries, 12 kills`)
})

test('a full disk refuses, loses nothing, and the ledger recovers by itself when there is room', async (t) => {
  if (!hasPrlimit()) {
    t.skip('prlimit (util-linux) is not here, and a full disk is made with it')
    return
  }
  const root = temporaryDirectory(t)
  const { privateKey } = generateKeyPairSync('ed25519')
  const writing = start(root, privateKey, 2)
  t.after(() => writing.child.kill('SIGKILL'))
  await until(() => writing.acknowledged.size > 20)
  limit(writing, '8192') // no file may grow past this: to SQLite the disk is full
  await until(() => writing.refusals.length > 3)
  const before = writing.acknowledged.size
  limit(writing, 'unlimited')
  await until(() => writing.acknowledged.size > before + 20)
  writing.child.kill('SIGKILL')
  await writing.gone
  assert.match(writing.refusals[0]!, /the ledger cannot be written/)
  const verified = await verifyLedger({
    directory: join(root, 'ledger'),
    keys: [createPublicKey(privateKey)],
  })
  assert.deepEqual(verified.faults, [])
  const reader = new SegmentReader(join(root, 'ledger'))
  t.after(() => reader.close())
  for (const [seq, hash] of writing.acknowledged) assert.equal(reader.get(seq)?.hash, hash)
})

function limit({ child }: Writing, bytes: string): void {
  execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:unlimited`])
}

function hasPrlimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stampOf } from './base.ts'
import { Directory } from './directory.ts'
import { makeStage, stageAll, type Wish } from './stage.ts'
import { takeStep } from './take-step.ts'
import { Transactions } from './transaction.ts'

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted

function ground(t: { after(fn: () => void): void }) {
  const home = mkdtempSync(join(tmpdir(), 'wt-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const root = join(home, 'root')
  mkdirSync(root)
  mkdirSync(join(home, 'journals'), { mode: 0o700 })
  return { home, root, transactions: new Transactions(join(home, 'journals')) }
}

function stampAt(root: string, path: string): string | null {
  const directory = Directory.open(root)
  try {
    const seen = directory.look(path)
    return seen === undefined ? null : stampOf(seen)
  } finally {
    directory.close()
  }
}

const put = (root: string, path: string, text: string): Wish => ({
  kind: 'file',
  path,
  expects: stampAt(root, path),
  mode: 0o644,
  fill: (fd) => void writeSync(fd, text),
})

test('a transaction that fails in the middle puts everything back', async (t) => {
  const { home, root, transactions } = ground(t)
  for (const name of ['a', 'b', 'c']) writeFileSync(join(root, name), name)
  const wishes: Wish[] = [
    put(root, 'a', 'new'),
    { kind: 'remove', path: 'b', expects: stampAt(root, 'b') },
    { kind: 'directory', path: 'd', expects: null },
    { kind: 'mode', path: 'd', expects: null, mode: 0o500 },
    put(root, 'fresh', 'new'),
    { ...put(root, 'c', 'new'), expects: 'file.644.1.1.1.1' },
  ]
  await assert.rejects(transactions.run(root, 'test', wishes), code('WORKSPACE_CHANGED'))
  assert.deepEqual(readdirSync(root), ['a', 'b', 'c'])
  for (const name of ['a', 'b', 'c']) assert.equal(readFileSync(join(root, name), 'utf8'), name)
  assert.deepEqual(readdirSync(home).sort(), ['journals', 'root'])
  assert.deepEqual(readdirSync(join(home, 'journals')), [])
})

test('what fails while it is being staged touches nothing', async (t) => {
  const { home, root, transactions } = ground(t)
  const fill = (): void => {
    throw new Error('the source is gone')
  }
  const wishes: Wish[] = [put(root, 'a', 'a'), { kind: 'file', path: 'b', expects: null, mode: 0o644, fill }]
  await assert.rejects(transactions.run(root, 'test', wishes), /the source is gone/)
  assert.deepEqual(readdirSync(root), [])
  assert.deepEqual(readdirSync(home).sort(), ['journals', 'root'])
})

/** A journal as a process leaves it that was killed after so many steps. */
async function killedAfter(
  home: string,
  root: string,
  wishes: readonly Wish[],
  steps: number,
): Promise<void> {
  const stagePath = join(home, '.warder-stage-0123456789ab')
  const stage = makeStage(stagePath)
  const held = Directory.open(root)
  const staged = await stageAll(stage, wishes)
  const { device, inode } = held.self()
  const at = { path: root, device: `${device}`, inode: `${inode}` }
  const journal = { version: 1, state: 'going', root: at, stage: stagePath, about: 'test', steps: staged }
  writeFileSync(join(home, 'journals/0.json'), JSON.stringify(journal), { mode: 0o600 })
  for (const [index, step] of staged.slice(0, steps).entries()) takeStep({ root: held, stage }, step, index)
  stage.close()
  held.close()
}

test('wherever it was killed, it is finished; and finishing twice changes nothing more', async (t) => {
  for (let steps = 0; steps <= 5; steps += 1) {
    const { home, root, transactions } = ground(t)
    for (const name of ['a', 'b']) writeFileSync(join(root, name), name)
    const wishes: Wish[] = [
      put(root, 'a', 'new'),
      { kind: 'remove', path: 'b', expects: stampAt(root, 'b') },
      { kind: 'directory', path: 'd', expects: null },
      put(root, 'fresh', 'new'),
      { kind: 'link', path: 'l', expects: null, target: 'a' },
    ]
    await killedAfter(home, root, wishes, steps)
    const [recovered] = await transactions.recover()
    assert.equal(recovered?.outcome, 'finished', `after ${steps} steps`)
    assert.deepEqual(readdirSync(root), ['a', 'd', 'fresh', 'l'])
    assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'new')
    assert.deepEqual(await transactions.recover(), [])
    assert.deepEqual(readdirSync(home).sort(), ['journals', 'root'])
  }
})

test('when the host changed what is still to be done, what was done is put back', async (t) => {
  const { home, root, transactions } = ground(t)
  for (const name of ['a', 'b']) writeFileSync(join(root, name), name)
  await killedAfter(home, root, [put(root, 'a', 'new'), put(root, 'b', 'new'), put(root, 'c', 'new')], 1)
  writeFileSync(join(root, 'b'), 'host')
  const [recovered] = await transactions.recover()
  assert.equal(recovered?.outcome, 'put back')
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'a')
  assert.equal(readFileSync(join(root, 'b'), 'utf8'), 'host')
  assert.deepEqual(readdirSync(root), ['a', 'b'])
})

test('what somebody exchanged after it was done is left alone, and everything to mend it is kept', async (t) => {
  const { home, root, transactions } = ground(t)
  for (const name of ['a', 'b']) writeFileSync(join(root, name), name)
  await killedAfter(home, root, [put(root, 'a', 'new'), put(root, 'b', 'new')], 1)
  rmSync(join(root, 'a'))
  writeFileSync(join(root, 'a'), 'host')
  writeFileSync(join(root, 'b'), 'host too')
  await assert.rejects(transactions.recover(), code('WORKSPACE_HALF_DONE'))
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'host')
  assert.equal(readFileSync(join(home, '.warder-stage-0123456789ab/old-0'), 'utf8'), 'a')
})

test('a journal that cannot be understood is told, not skipped', async (t) => {
  const { home, transactions } = ground(t)
  writeFileSync(join(home, 'journals/0.json'), '{"version":2}', { mode: 0o600 })
  await assert.rejects(transactions.recover(), code('WORKSPACE_HALF_DONE'))
})

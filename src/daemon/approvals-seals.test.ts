import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Seals } from './approvals-seals.ts'

const directory = mkdtempSync(join(tmpdir(), 'warder-seals-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** A clock that stands `ageMs` after the file's last change, and what was waited for by it. */
function clockAt(path: string, ageMs: number, meanwhile: () => void = () => undefined) {
  const waited: number[] = []
  const changed = Math.floor(Number(statSync(path, { bigint: true }).ctimeNs / 1_000_000n))
  const wait = async (ms: number) => {
    waited.push(ms)
    meanwhile()
  }
  return { waited, now: () => changed + ageMs, wait }
}

test('a file that was just written is read only when the clock it is stamped with has gone on', async () => {
  for (const [ageMs, expected] of [
    [0, [20]],
    [3, [17]],
    [19, [1]],
    [20, []],
    [86_400_000, []],
    [-86_400_000, [20]], // the clock was put back: one tick, not a day
  ] as const) {
    const path = file('young', 'one')
    const clock = clockAt(path, ageMs)
    assert.equal((await new Seals(clock).of(path))?.sha256, sha256('one'))
    assert.deepEqual(clock.waited, expected, `${ageMs} ms old`)
  }
})

test('two writes within one tick, with one look between them: the seal is never of the first', async () => {
  for (let i = 0; i < 50; i++) {
    const path = file('twice', `a${i}`)
    // of the same length, so that only the times could tell
    const clock = clockAt(path, 0, () => writeFileSync(path, `b${i}`))
    const seals = new Seals(clock)
    const seal = await seals.of(path)
    // what changed while it was looked at may have no seal at all; what has one has that of what is there
    if (seal !== undefined) assert.equal(seal.sha256, sha256(`b${i}`))
    assert.equal(seals.holds({ path, sha256: sha256(`a${i}`) }), false)
    assert.equal(clock.waited.length, 1)
  }
})

test('a known file is not read again, and one that changed is no longer held', async () => {
  const path = file('known', 'one')
  const clock = clockAt(path, 5)
  const seals = new Seals(clock)
  const seal = await seals.of(path)
  assert.ok(seal)
  assert.deepEqual(await seals.of(path), seal)
  assert.deepEqual(clock.waited, [15], 'once, for the one read')
  assert.equal(seals.holds(seal), true)
  assert.equal(seals.holds({ path, sha256: sha256('two') }), false)
  writeFileSync(path, 'longer than it was')
  assert.equal(seals.holds(seal), false)
})

test('a pipe put in the place of a file is not waited on, and a file nobody could read to its end is not begun', async () => {
  const path = file('swapped', 'one')
  const swapped = new Seals(
    clockAt(path, 0, () => {
      rmSync(path)
      execFileSync('mkfifo', [path])
    }),
  )
  assert.equal(await swapped.of(path), undefined)
  const hollow = file('hollow', '')
  truncateSync(hollow, 1024 ** 4)
  assert.equal(await new Seals(clockAt(hollow, 1000)).of(hollow), undefined)
})

test('what is no file has no seal', async () => {
  const link = join(directory, 'dangling')
  symlinkSync(join(directory, 'nowhere'), link)
  for (const path of [directory, link, join(directory, 'nothing'), '/dev/null']) {
    assert.equal(await new Seals().of(path), undefined, path)
  }
})

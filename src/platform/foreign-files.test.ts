import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Read } from './aside.ts'
import { ForeignFiles } from './foreign-files.ts'
import type { ForeignMount } from './mounts.ts'

const folder = mkdtempSync(join(tmpdir(), 'warder-foreign-'))
after(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'script'), 'true\n')

/** Mounts that are only said to be there, and an answer for each path that is asked for. */
function world(mounts: readonly Partial<ForeignMount>[], answers: Readonly<Record<string, Read>> = {}) {
  const clock = { ms: 0 }
  const asked: string[] = []
  const list = new Map(mounts.map((each, i) => [each.path!, { id: `${i}`, path: '', ...each }]))
  const said: Record<string, Read> = { ...answers }
  const files = new ForeignFiles({
    mounts: () => list,
    monotonicMs: () => clock.ms,
    user: 1000,
    aside: {
      read: async (path) => {
        asked.push(path)
        return said[path] ?? { text: undefined }
      },
    },
  })
  return { files, asked, clock, list, said }
}

const far = join(folder, 'far')

test('with no such file system nothing is asked, and everything is read at once', async () => {
  const { files, asked } = world([])
  await files.ask(() => assert.fail('nobody has to look for paths'))
  assert.deepEqual(files.textNow(join(folder, 'script'), 100), { text: 'true\n' })
  assert.equal(files.isSilent(join(far, 'x')), false)
  assert.deepEqual(asked, [])
})

test('one that does not answer is silent for half a minute, and what leads there is not read at once', async () => {
  const { files, asked, clock, said } = world([{ path: far }], { [far]: 'silent' })
  await files.ask()
  symlinkSync(join(far, 'x'), join(folder, 'link'))
  for (const path of [join(far, 'x'), join(folder, 'link')]) assert.equal(files.isSilent(path), true, path)
  assert.equal(files.isSilent(join(folder, 'script')), false)
  assert.deepEqual(
    [far, join(far, 'x'), join(folder, 'link'), folder].map((path) => files.isSilentItself(path)),
    [true, true, false, false],
    'a link that is not followed can be looked at',
  )
  // while one is silent a link may be turned at any moment
  assert.equal(files.textNow(join(folder, 'script'), 100), undefined)
  assert.equal(await files.textAside(join(far, 'x'), 100), undefined)
  assert.deepEqual(asked, [far], 'nobody was sent after it')
  clock.ms += 29_000
  await files.ask()
  assert.deepEqual(asked, [far])
  said[far] = { text: undefined }
  clock.ms += 2000
  await files.ask()
  assert.deepEqual(asked, [far, far])
  assert.equal(files.isSilent(join(far, 'x')), false, 'it answers again')
})

test('a file that is not answered for makes its file system silent, where the request names it', async () => {
  const { files, asked } = world([{ path: far }], { [join(far, 'lost')]: 'silent' })
  await files.ask(() => [join(folder, 'script'), join(far, 'fine'), join(far, 'lost'), join(far, 'later')])
  assert.deepEqual(asked, [far, join(far, 'fine'), join(far, 'lost')])
  assert.equal(files.isSilent(join(far, 'fine')), true)
})

test('a script there is read aside, and one that takes too long makes its file system silent', async () => {
  const { files } = world([{ path: far }], { [`${far}/ok`]: { text: 'true' }, [`${far}/slow`]: 'silent' })
  await files.ask()
  assert.equal(files.textNow(`${far}/ok`, 100), undefined)
  assert.equal(await files.textAside(`${far}/ok`, 100), 'true')
  assert.equal(await files.textAside(`${far}/slow`, 100), undefined)
  assert.equal(files.isSilent(far), true)
})

test('what another user’s program answers for is never looked at; our own and root’s are asked', async () => {
  for (const [user, isSilent] of [
    [1001, true],
    [1000, false],
    [0, false],
  ] as const) {
    const { files, asked } = world([{ path: far, user }])
    await files.ask()
    assert.equal(files.isSilent(join(far, 'x')), isSilent)
    assert.deepEqual(asked, isSilent ? [] : [far])
  }
})

test('another file system at the same place starts anew', async () => {
  const { files, list, clock, said } = world([{ path: far }], { [far]: 'silent' })
  await files.ask()
  list.set(far, { id: 'other', path: far })
  said[far] = { text: undefined }
  clock.ms += 200
  await files.ask()
  assert.equal(files.isSilent(far), false)
})

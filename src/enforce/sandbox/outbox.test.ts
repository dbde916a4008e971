import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { collectOutbox, type OutboxRequest, type OutboxResult } from './outbox.ts'

function box(t: Pick<TestContext, 'after'>) {
  const root = mkdtempSync(join(tmpdir(), 'warder-outbox-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const from = join(root, 'from')
  mkdirSync(from)
  const put = (name: string, bytes: string | Uint8Array = 'x') => {
    mkdirSync(dirname(join(from, name)), { recursive: true })
    writeFileSync(join(from, name), bytes)
    return join(from, name)
  }
  const to = join(root, 'to')
  const collect = (more: Partial<OutboxRequest> = {}): Promise<OutboxResult> =>
    collectOutbox({
      ...{ from, to, limits: { totalBytes: 10_000, files: 10 }, scan: async () => undefined },
      ...more,
    })
  return { root, from, to, put, collect }
}

/** Nothing came out, nothing half-made is left, and this is why. */
function assertRefused(result: OutboxResult, at: ReturnType<typeof box>, name: string, why: RegExp): void {
  assert.ok(!result.taken)
  const refusal = result.refused.find((each) => each.name === name)
  assert.match(refusal?.why ?? `${name} was not refused`, why)
  assert.deepEqual(readdirSync(at.root), ['from'])
}

test('results come out whole, with their list, and cannot be run', async (t) => {
  const at = box(t)
  chmodSync(at.put('report.txt', 'all is well'), 0o755)
  at.put('data/one.bin', Buffer.from([0, 1, 2]))
  const result = await at.collect()
  assert.ok(result.taken)
  assert.deepEqual(
    result.manifest.files.map(({ name, sizeBytes }) => [name, sizeBytes]),
    [
      ['data/one.bin', 3],
      ['report.txt', 11],
    ],
  )
  assert.equal(result.manifest.totalBytes, 14)
  assert.equal(result.manifest.files[1]?.sha256, createHash('sha256').update('all is well').digest('hex'))
  assert.equal(readFileSync(join(at.to, 'files/report.txt'), 'utf8'), 'all is well')
  assert.equal(statSync(join(at.to, 'files/report.txt')).mode & 0o111, 0)
  assert.deepEqual(JSON.parse(readFileSync(join(at.to, 'manifest.json'), 'utf8')), result.manifest)
  assert.deepEqual(readdirSync(at.root).toSorted(), ['from', 'to'])
})

test('any tree of plain files comes out as it went in', async (t) => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/)
  const tree = fc.dictionary(name, fc.uint8Array({ maxLength: 200 }), { maxKeys: 6 })
  await fc.assert(
    fc.asyncProperty(tree, async (files) => {
      const at = box(t)
      for (const [file, bytes] of Object.entries(files)) at.put(`d-${file}/${file}`, bytes)
      const result = await at.collect()
      assert.ok(result.taken)
      assert.equal(result.manifest.files.length, Object.keys(files).length)
      for (const [file, bytes] of Object.entries(files)) {
        assert.deepEqual(new Uint8Array(readFileSync(join(at.to, 'files', `d-${file}`, file))), bytes)
      }
    }),
    { numRuns: 25 },
  )
})

const PLANTED: Readonly<Record<string, readonly [string, (path: string) => void, RegExp]>> = {
  'a link to a file outside': ['link', (path) => symlinkSync('/etc/passwd', path), /link/],
  'a link to a folder outside': ['link', (path) => symlinkSync('/etc', path), /link/],
  'a link that leads nowhere': ['link', (path) => symlinkSync('/nowhere', path), /link/],
  'a pipe': ['pipe', (path) => execFileSync('/usr/bin/mkfifo', [path]), /pipe/],
  'a file that would run as its owner': [
    'setuid',
    (path) => {
      writeFileSync(path, 'x')
      chmodSync(path, 0o4755)
    },
    /owner or group/,
  ],
  'a file that would run as its group': [
    'setgid',
    (path) => {
      writeFileSync(path, 'x')
      chmodSync(path, 0o2755)
    },
    /owner or group/,
  ],
  'a hook for git': [
    '.git',
    (path) => {
      mkdirSync(path)
      writeFileSync(join(path, 'config'), '[core]\n')
    },
    /programs of the host/,
  ],
  'a hook for git, spelt otherwise': ['.GIT', (path) => mkdirSync(path), /programs of the host/],
  'a file that shells read on entering': [
    '.envrc',
    (path) => writeFileSync(path, 'x'),
    /programs of the host/,
  ],
  'a name with a control character': ['a\u001bb', (path) => writeFileSync(path, 'x'), /name/],
}

for (const [what, [name, plant, why]] of Object.entries(PLANTED)) {
  test(`${what} does not come out, and nothing else with it`, async (t) => {
    const at = box(t)
    at.put('good.txt')
    plant(join(at.from, name))
    assertRefused(await at.collect(), at, name, why)
  })
}

test('a file with a second name does not come out: the other may be a file of the host', async (t) => {
  const at = box(t)
  linkSync(at.put('one'), join(at.root, 'two'))
  const result = await at.collect()
  rmSync(join(at.root, 'two'))
  assertRefused(result, at, 'one', /2 names/)
})

test('a device does not come out', async (t) => {
  const at = box(t)
  try {
    execFileSync('/usr/bin/mknod', [join(at.from, 'null'), 'c', '1', '3'], { stdio: 'ignore' })
  } catch {
    return t.skip('devices can only be made by root: NOT tried')
  }
  assertRefused(await at.collect(), at, 'null', /device/)
})

test('more bytes than allowed do not come out, not even as holes', async (t) => {
  const at = box(t)
  at.put('a', Buffer.alloc(6000))
  at.put('b', Buffer.alloc(4001))
  assertRefused(await at.collect(), at, '.', /more bytes/)
  rmSync(join(at.from, 'a'))
  truncateSync(join(at.from, 'b'), 10 ** 9)
  assertRefused(await at.collect(), at, '.', /more bytes/)
  truncateSync(join(at.from, 'b'), 10_000)
  assert.ok((await at.collect()).taken)
})

test('more files than allowed do not come out', async (t) => {
  const at = box(t)
  for (let i = 0; i < 11; i += 1) at.put(`f${i}`)
  assertRefused(await at.collect(), at, '.', /more than 10 files/)
})

test('folders without end do not come out', async (t) => {
  const at = box(t)
  const deep = Array.from({ length: 17 }, () => 'd').join('/')
  at.put(`${deep}/f`)
  assertRefused(await at.collect(), at, deep, /deeper/)
})

test('what the scan refuses keeps everything in, and so does a scan that breaks', async (t) => {
  const at = box(t)
  at.put('good')
  at.put('secret', 'AKIA-not-for-outside')
  const scan: OutboxRequest['scan'] = async (_file, copy) =>
    readFileSync(copy, 'utf8').includes('AKIA') ? 'it holds a key' : undefined
  assertRefused(await at.collect({ scan }), at, 'secret', /holds a key/)
  const breaks: OutboxRequest['scan'] = () => Promise.reject(new Error('the scanner is down'))
  assertRefused(await at.collect({ scan: breaks }), at, 'good', /scanner is down/)
})

test('nothing is put over what stands there, and nothing half-made is left', async (t) => {
  const at = box(t)
  at.put('good')
  mkdirSync(at.to)
  writeFileSync(join(at.to, 'mine'), 'kept')
  await assert.rejects(at.collect(), { code: 'SANDBOX_FAILED' })
  assert.equal(readFileSync(join(at.to, 'mine'), 'utf8'), 'kept')
  await assert.rejects(at.collect({ to: join(at.root, 'no/where') }), { code: 'SANDBOX_FAILED' })
  // even when it comes to stand there while the scan looks
  const late = join(at.root, 'late')
  const scan: OutboxRequest['scan'] = async () => {
    mkdirSync(late)
    writeFileSync(join(late, 'mine'), 'kept')
    return undefined
  }
  await assert.rejects(at.collect({ to: late, scan }), { code: 'SANDBOX_FAILED' })
  assert.deepEqual(readdirSync(late), ['mine'])
  assert.deepEqual(readdirSync(at.root).toSorted(), ['from', 'late', 'to'])
  assert.ok(!existsSync(join(at.root, 'no')))
})

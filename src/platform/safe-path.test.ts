import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { FormError } from '../core/safe/form.ts'
import { kernelOpenBeneath, walkBeneath, type OpenBeneath } from './safe-path-open.ts'
import { isSafePath, SafeRoot, type SafeRootOptions } from './safe-path.ts'

/** Both ways to resolve a path must keep the same promises. */
const WAYS: Readonly<Record<string, OpenBeneath | undefined>> = {
  kernel: kernelOpenBeneath(),
  walk: walkBeneath,
}

function place(t: TestContext, openBeneath: OpenBeneath | undefined, options: SafeRootOptions = {}) {
  const home = mkdtempSync(join(tmpdir(), 'safe-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const base = join(home, 'base')
  mkdirSync(join(base, 'a/b'), { recursive: true })
  writeFileSync(join(base, 'a/b/file'), 'inside')
  writeFileSync(join(home, 'secret'), 'outside')
  mkdirSync(join(home, 'base2'))
  writeFileSync(join(home, 'base2/file'), 'twin')
  const root = SafeRoot.open(base, { ...options, ...(openBeneath === undefined ? {} : { openBeneath }) })
  t.after(() => root.close())
  return { home, base, root }
}

function code(of: () => unknown): string {
  try {
    of()
    return 'none'
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && 'fix' in error, String(error))
    return String(error.code)
  }
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

for (const [way, openBeneath] of Object.entries(WAYS)) {
  const skip = openBeneath === undefined ? 'no openat2 here' : false

  test(`${way}: files below the root are read, written, listed, moved and removed`, { skip }, (t) => {
    const { base, root } = place(t, openBeneath)
    const before = openDescriptors()
    assert.equal(root.readFile('a/b/file').toString(), 'inside')
    root.mkdir('new')
    root.writeFile('new/one', 'text', 0o644)
    root.writeFile('new/one', Buffer.from('text again'), 0o640)
    assert.equal(readFileSync(join(base, 'new/one'), 'utf8'), 'text again')
    assert.equal(statSync(join(base, 'new/one')).mode & 0o777, 0o640)
    root.rename('new/one', 'a/two')
    assert.deepEqual(root.list('a'), [
      { name: 'b', kind: 'directory' },
      { name: 'two', kind: 'file' },
    ])
    assert.deepEqual(
      root.list().map(({ name }) => name),
      ['a', 'new'],
    )
    const { kind, sizeBytes, mode, links } = root.stat('a/two')
    assert.deepEqual({ kind, sizeBytes, mode, links }, { kind: 'file', sizeBytes: 10, mode: 0o640, links: 1 })
    root.remove('a/two')
    root.remove('new')
    assert.deepEqual(readdirSync(base), ['a'])
    assert.equal(openDescriptors(), before, 'a descriptor was left open')
  })

  test(`${way}: open files read, write over, append and are made`, { skip }, (t) => {
    const { base, root } = place(t, openBeneath)
    const use = (fd: number, text: string) => {
      writeSync(fd, text)
      closeSync(fd)
    }
    use(root.openFile('a/b/file', 'write'), 'IN')
    use(root.openFile('a/b/file', 'append'), '!')
    assert.equal(readFileSync(join(base, 'a/b/file'), 'utf8'), 'INside!')
    use(root.createFile('a/made'), 'x')
    assert.equal(statSync(join(base, 'a/made')).mode & 0o777, 0o600)
    assert.equal(
      code(() => root.createFile('a/made')),
      'SAFE_PATH_TAKEN',
    )
    symlinkSync('/nowhere/at/all', join(base, 'dangling'))
    assert.equal(
      code(() => root.createFile('dangling')),
      'SAFE_PATH_TAKEN',
    )
    assert.equal(
      code(() => root.openFile('a/none')),
      'SAFE_PATH_MISSING',
    )
    assert.equal(
      code(() => root.remove('a')),
      'SAFE_PATH_TAKEN',
    ) // not empty
    assert.equal(
      code(() => root.readFile('a/b/file', 3)),
      'FILE_TOO_LARGE',
    )
    assert.equal(root.readFile('a/b/file', 7).length, 7)
    assert.equal(
      code(() => root.list('a', 1)),
      'SAFE_PATH_FAILED',
    )
  })

  test(`${way}: no path that is not straight down is even tried`, { skip }, (t) => {
    const { home, root } = place(t, openBeneath)
    for (const path of [
      '',
      '/',
      '/etc/passwd',
      '..',
      '../secret',
      'a/../../secret',
      'a/..',
      './a',
      'a/./b',
      'a//b',
      'a/',
      'a\0',
      'a\nb',
      join(home, 'secret'),
      '../base2/file',
    ]) {
      assert.ok(!isSafePath(path))
      for (const act of [
        () => root.readFile(path),
        () => root.writeFile(path, 'x'),
        () => root.createFile(path),
        () => root.stat(path),
        () => root.list(path),
        () => root.remove(path),
        () => root.mkdir(path),
        () => root.rename('a', path),
        () => root.rename(path, 'z'),
        () => root.hold(path, 'any'),
      ]) {
        assert.throws(act, FormError, JSON.stringify(path))
      }
    }
    assert.throws(() => root.remove('.'), FormError) // the root itself is only looked at
  })

  test(`${way}: links are seen and moved, never followed`, { skip }, (t) => {
    const { home, base, root } = place(t, openBeneath)
    symlinkSync(join(home, 'secret'), join(base, 'link'))
    symlinkSync(home, join(base, 'up'))
    symlinkSync('a/b', join(base, 'within'))
    symlinkSync('/proc/self/root', join(base, 'magic'))
    assert.equal(root.stat('link').kind, 'link')
    assert.equal(
      code(() => root.readFile('link')),
      'SAFE_PATH_KIND',
    )
    assert.equal(
      code(() => root.openFile('link', 'write')),
      'SAFE_PATH_KIND',
    )
    assert.equal(
      code(() => root.writeFile('link', 'x')),
      'SAFE_PATH_KIND',
    )
    assert.equal(
      code(() => root.hold('up', 'any')),
      'SAFE_PATH_KIND',
    )
    for (const path of ['up/secret', 'up/base2/file', 'within/file', 'magic/etc/passwd', 'a/b/file/x']) {
      assert.equal(
        code(() => root.readFile(path)),
        'SAFE_PATH_LINK',
        path,
      )
      assert.equal(
        code(() => root.writeFile(path, 'x')),
        'SAFE_PATH_LINK',
        path,
      )
    }
    for (const path of ['up', 'within', 'a/b/file'])
      assert.equal(
        code(() => root.list(path)),
        'SAFE_PATH_LINK',
        path,
      )
    root.rename('link', 'moved')
    root.remove('moved')
    root.remove('up')
    assert.equal(readFileSync(join(home, 'secret'), 'utf8'), 'outside')
  })

  test(`${way}: a file with a second name is refused unless that is allowed`, { skip }, (t) => {
    const { home, base, root } = place(t, openBeneath)
    linkSync(join(home, 'secret'), join(base, 'hard'))
    assert.equal(
      code(() => root.readFile('hard')),
      'SAFE_PATH_SHARED',
    )
    assert.equal(
      code(() => root.openFile('hard', 'write')),
      'SAFE_PATH_SHARED',
    )
    assert.equal(
      code(() => root.hold('hard', 'file')),
      'SAFE_PATH_SHARED',
    )
    root.writeFile('hard', 'mine') // replaces the name, not the file
    assert.equal(readFileSync(join(home, 'secret'), 'utf8'), 'outside')
    linkSync(join(home, 'secret'), join(base, 'hard2'))
    const open = SafeRoot.open(base, {
      hardLinks: 'allow',
      ...(openBeneath === undefined ? {} : { openBeneath }),
    })
    assert.equal(open.readFile('hard2').toString(), 'outside')
    open.close()
  })

  test(`${way}: pipes, sockets and devices are refused and never opened`, { skip }, (t) => {
    const { base, root } = place(t, openBeneath)
    // without a writer, opening it to read would wait for ever
    assert.equal(spawnSync('/usr/bin/mkfifo', [join(base, 'pipe')]).status, 0)
    for (const act of [
      () => root.readFile('pipe'),
      () => root.openFile('pipe', 'write'),
      () => root.writeFile('pipe', 'x'),
      () => root.hold('pipe', 'any'),
    ]) {
      assert.equal(code(act), 'SAFE_PATH_KIND')
    }
    root.remove('pipe')
    const devices = SafeRoot.open('/dev', {
      mounts: 'allow',
      ...(openBeneath === undefined ? {} : { openBeneath }),
    })
    assert.equal(devices.stat('null').kind, 'device')
    assert.equal(
      code(() => devices.readFile('null')),
      'SAFE_PATH_KIND',
    )
    devices.close()
  })

  test(`${way}: another mount is another place unless that is allowed`, { skip }, () => {
    const options = openBeneath === undefined ? {} : { openBeneath }
    const strict = SafeRoot.open('/', options)
    assert.equal(
      code(() => strict.readFile('proc/version')),
      'SAFE_PATH_MOUNT',
    )
    const open = SafeRoot.open('/', { mounts: 'allow', ...options })
    assert.match(open.readFile('proc/version').toString(), /Linux/)
    for (const root of [strict, open]) root.close()
  })

  test(`${way}: what is held stays what it was, whatever its name means later`, { skip }, (t) => {
    const { home, base, root } = place(t, openBeneath)
    const held = root.hold('a/b/file', 'file')
    unlinkSync(join(base, 'a/b/file'))
    symlinkSync(join(home, 'secret'), join(base, 'a/b/file'))
    assert.equal(readFileSync(`/proc/self/fd/${held}`, 'utf8'), 'inside')
    assert.throws(() => readSync(held, Buffer.alloc(1)), { code: 'EBADF' }) // a handle alone reads nothing
    assert.ok(fstatSync(held).isFile())
    closeSync(held)
    assert.equal(
      code(() => root.hold('a', 'file')),
      'SAFE_PATH_KIND',
    )
  })
}

test('a root is a directory with an absolute path, and closed it opens nothing', (t) => {
  const { base, root } = place(t, undefined)
  for (const path of ['base', '', '.', `${base}\0`, `${base}/none`, `${base}/a/b/file`])
    assert.match(
      code(() => SafeRoot.open(path)),
      /^SAFE_PATH_/,
    )
  root.close()
  root.close()
  assert.equal(
    code(() => root.readFile('a/b/file')),
    'SAFE_PATH_FAILED',
  )
  assert.equal(
    code(() => root.list()),
    'SAFE_PATH_FAILED',
  )
})

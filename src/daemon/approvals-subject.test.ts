import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { narrowest } from '../decide/approval/index.ts'
import { parseCommand } from '../decide/inspect/command/parse.ts'
import type { Mount, SandboxSpec } from '../enforce/sandbox/index.ts'
import { Seals } from './approvals-seals.ts'
import { hostPath, subjectOf } from './approvals-subject.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'wj-')))
after(() => rmSync(root, { recursive: true }))
const work = join(root, 'work')
const upper = join(root, 'upper')
for (const directory of [work, upper, join(work, 'bin')]) mkdirSync(directory)
const options = { seals: new Seals(), parseCommand, home: root, own: [] }

function write(path: string, text: string, mode = 0o755): string {
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

function spec(argv: readonly string[], mounts: readonly Mount[] = [bind(work)]): SandboxSpec {
  const usr: Mount = { type: 'bind', source: '/usr', path: '/usr', access: 'read', why: 'the system' }
  const bin: Mount = { type: 'link', path: '/bin', target: 'usr/bin', why: 'as outside' }
  return {
    ...{ version: 1, profile: 'tool-minimal', argv, cwd: work, env: { PATH: `${work}/bin:/usr/bin:/bin` } },
    ...{ mounts: [usr, bin, ...mounts], noFork: false, terminal: false, umask: 0o22, seccompDigest: '' },
    ...{ host: { uid: 1, gid: 1 }, inside: { uid: 1, gid: 1, user: 'a', home: '/home/a' } },
    ...{ limits: { memoryBytes: 1, processes: 1, openFiles: 1, fileBytes: 1, cpuPercent: 1 } },
    ...{ requires: [], notEnforced: [], notes: [], digest: 'd' },
  }
}

function bind(path: string, access: 'read' | 'write' = 'read'): Mount {
  return { type: 'bind', source: path, path, access, why: 'the workspace' }
}

const subject = (...argv: string[]) => subjectOf({ spec: spec(argv), workspace: work, notes: [] }, options)

test('a program, the interpreter its first line names and the script an interpreter is given are sealed', async () => {
  const script = write(join(work, 'run.sh'), '#!/usr/bin/env sh\necho hi\n')
  const direct = await subject(script, 'x')
  const paths = direct.segments[0]!.seals.map(({ path }) => path)
  assert.equal(paths[0], script)
  assert.ok(paths.includes(realpathSync('/usr/bin/env')) && paths.includes(realpathSync('/usr/bin/sh')))
  const given = await subject('/usr/bin/sh', 'run.sh')
  assert.equal(given.segments[0]!.seals.at(-1)?.path, script)
  const inline = await subject('/usr/bin/sh', '-c', '/usr/bin/id; id -u')
  assert.deepEqual(
    inline.segments.map(({ program, args }) => [program, ...args]),
    [['/usr/bin/sh', '-c'], ['/usr/bin/id'], ['/usr/bin/id', '-u']],
  )
  assert.deepEqual(inline.glue, [';'])
})

test('a name is looked for as the sandbox would: another program earlier in the PATH is another program', async () => {
  const before = await subject('/usr/bin/sh', '-c', 'id')
  write(join(work, 'bin/id'), '#!/bin/sh\necho me\n')
  const shadowed = await subject('/usr/bin/sh', '-c', 'id')
  rmSync(join(work, 'bin/id'))
  assert.equal(before.segments[1]?.program, '/usr/bin/id')
  assert.equal(shadowed.segments[1]?.program, join(work, 'bin/id'))
})

test('what only the shell knows, redirects or sets variables cannot stand', async () => {
  for (const text of [
    'id > out',
    'A=1 id',
    'id $HOME',
    'id `id`',
    'id "$(id)"',
    'nosuchprogram',
    'for i in 1; do id; done',
    'id &',
    'id \u202e',
  ]) {
    const found = await subject('/usr/bin/sh', '-c', text)
    assert.notEqual(found.notStanding, undefined, text)
    assert.equal(narrowest(found), undefined, text)
  }
  assert.notEqual(narrowest(await subject('/usr/bin/sh', '-c', 'id && id -u')), undefined)
})

test('a file is looked at where the sandbox takes it from: in the upper directory of an overlay first', () => {
  const tool = write(join(work, 'tool'), 'below')
  const overlay: Mount = {
    ...{ type: 'overlay', path: work, source: work, upper, work: join(root, 'w'), why: 'aside' },
    identity: { device: '1', inode: '1', kind: 'directory' },
  }
  const layered = spec([tool], [overlay])
  assert.equal(hostPath(layered, tool), tool)
  write(join(upper, 'tool'), 'changed by the agent')
  assert.equal(hostPath(layered, tool), join(upper, 'tool'))
  assert.equal(hostPath(layered, '/bin/id'), realpathSync('/usr/bin/id'))
  assert.equal(hostPath(layered, '/nowhere/x'), undefined)
})

test('a seal holds while the file is the same, and no longer when it was replaced or written to', async () => {
  const path = write(join(work, 'sealed'), 'one')
  const seal = (await options.seals.of(path))!
  assert.ok(options.seals.holds(seal))
  write(`${path}.new`, 'one')
  renameSync(`${path}.new`, path) // the same bytes, another file: it must be read again first
  assert.ok(!options.seals.holds(seal))
  assert.equal((await options.seals.of(path))?.sha256, seal.sha256)
  write(path, 'two')
  assert.ok(!options.seals.holds(seal))
  assert.notEqual((await options.seals.of(path))?.sha256, seal.sha256)
  assert.equal(await options.seals.of(join(work, 'missing')), undefined)
  assert.equal(await options.seals.of(work), undefined)
})

test('an argument that leads out of the workspace through a link is marked, and a reach for secrets is noted', async () => {
  symlinkSync('/etc', join(work, 'out'))
  const found = await subject('/usr/bin/cat', 'out/hostname', 'in', `${root}/.ssh/id`)
  assert.deepEqual(found.segments[0]?.leaving, [0, 2])
  assert.match(found.notes.join('\n'), /sensitive directory: .*\.ssh\/id/)
  assert.deepEqual(found.touches, ['writes nothing outside', 'no network'])
  assert.ok(found.notes.includes('what it could do scores 70, which is medium')) // 10, 40 to execute, 10 for each of two
})

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { HookCall } from '../enforce/session/index.ts'
import { changedSince, HookTaint } from './hook-taint.ts'
import { READER } from './hooks-wire.ts'
import type { TaintRoom } from './taint.ts'

function place(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'hook-taint-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  mkdirSync(join(home, 'deep/deeper'), { recursive: true })
  writeFileSync(join(home, 'deep/deeper/file'), '')
  symlinkSync('/etc', join(home, 'out'))
  return home
}

/** A book that only notes what it is told. */
function noting(labels: readonly string[]) {
  const told: string[] = []
  const taint = {
    labels: () => labels,
    add: (agent: string, more: readonly string[], origin: string) => (
      told.push(`add ${agent} ${more.join()} ${origin}`),
      more
    ),
    wrote: (agent: string, path: string, isTree = false) => (
      told.push(`wrote ${agent} ${path}${isTree ? '/**' : ''}`),
      labels
    ),
    read: (agent: string, path: string) => (told.push(`read ${agent} ${path}`), []),
  } as unknown as TaintRoom
  return { taint, told }
}

const PLAIN = { now: Date.now, home: '/home/nobody', path: '/usr/bin:/bin', reader: READER }

function call(tool: string, input: object, toolUse = 'u1'): HookCall {
  return {
    ...{ harness: 'claude-code', event: 'PreToolUse', moment: 'before', session: 's', cwd: '/work' },
    ...{ mode: '', tool, input: input as HookCall['input'], toolUse },
  }
}

test('what changed since is found however deep, links lead nowhere, and too much is said to be too much', (t) => {
  const home = place(t)
  assert.deepEqual(changedSince(home, 0, 100), [join(home, 'deep/deeper/file')])
  assert.deepEqual(changedSince(home, Date.now() + 60_000, 100), [])
  assert.equal(changedSince(home, 0, 3), undefined)
  assert.deepEqual(changedSince(join(home, 'nowhere'), 0, 3), [])
})

test('files are named from the directory of the call; a fetch taints before what it wrote is marked', () => {
  const { taint, told } = noting(['external-data'])
  const hooks = new HookTaint({ ...PLAIN, taint })
  hooks.before(call('Read', { file_path: 'notes.md' }), 'a', '/work')
  hooks.after(call('WebFetch', { url: 'https://user:key@page.test:8443/x?secret=1' }), 'a', '/work')
  hooks.after(call('Write', { file_path: '../other/file' }), 'a', '/work')
  assert.deepEqual(told, [
    'read a /work/notes.md',
    'add a external-data page.test:8443',
    'wrote a /other/file',
  ])
})

test('what a command names may be what it reads', () => {
  const { taint, told } = noting([])
  const hooks = new HookTaint({ ...PLAIN, taint })
  hooks.before(call('Bash', { command: 'cat notes.md | grep -c x' }), 'a', '/work')
  assert.ok(told.includes('read a /work/notes.md'), told.join())
})

test('a command whose beginning nobody saw, or in too large a workspace, may have changed all of it', (t) => {
  const home = place(t)
  const { taint, told } = noting(['external-data'])
  const hooks = new HookTaint({ ...PLAIN, taint, mostEntries: 3 })
  hooks.after(call('Bash', { command: 'make' }), 'a', home)
  hooks.before(call('Bash', { command: 'make' }), 'a', '/work')
  hooks.after(call('Bash', { command: 'make' }), 'a', home)
  assert.deepEqual(told, [`wrote a ${home}/**`, `wrote a ${home}/**`])
})

test('what cannot be told of a call may have been anything in its workspace', () => {
  const { taint, told } = noting(['external-data'])
  const hooks = new HookTaint({ ...PLAIN, taint })
  hooks.before(call('Write', {}), 'a', '/work')
  hooks.after(call('Write', {}), 'a', '/work')
  assert.deepEqual(told, ['wrote a /work/**'])
})

test('without taint nothing is looked for', (t) => {
  const { taint, told } = noting([])
  const hooks = new HookTaint({ ...PLAIN, taint })
  hooks.before(call('Bash', { command: 'make' }), 'a', '/work')
  hooks.after(call('Bash', { command: 'make' }), 'a', place(t))
  assert.deepEqual(told, [])
})

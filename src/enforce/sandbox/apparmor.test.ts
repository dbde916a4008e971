import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { apparmorProfile } from './apparmor.ts'
import { specDigest, type Mount, type SandboxSpec } from './spec.ts'

const PARSER = '/usr/sbin/apparmor_parser'
const id = (kind: 'file' | 'directory') => ({ device: '1', inode: '2', kind }) as const
const bind = (path: string, access: 'read' | 'write', why = 'workspace'): Mount => ({
  type: 'bind',
  source: path,
  path,
  access,
  identity: id('directory'),
  why,
})

function specOf(mounts: readonly Mount[]): SandboxSpec {
  const spec = {
    version: 1 as const,
    profile: 'agent',
    argv: ['/bin/true'],
    cwd: '/w',
    env: {},
    host: { uid: 1000, gid: 1000 },
    inside: { uid: 1000, gid: 1000, user: 'ada', home: '/home/ada' },
    mounts,
    limits: { memoryBytes: 1, processes: 1, openFiles: 1, fileBytes: 1, cpuPercent: 100 },
    noFork: false,
    seccompDigest: '',
    terminal: false,
    umask: 0o022,
    requires: [],
    notEnforced: [],
    notes: [],
  }
  return { ...spec, digest: specDigest(spec) }
}

const SPEC = specOf([
  { type: 'bind', source: '/usr', path: '/usr', access: 'read', why: 'system' },
  bind('/w', 'write'),
  bind('/w/.git', 'read', 'protected name'),
  { type: 'mask', path: '/w/.mcp.json', kind: 'file', absent: true, why: 'protected name' },
  { type: 'mask', path: '/w/private', kind: 'directory', absent: false, why: 'rule-1' },
  { type: 'memory', path: '/tmp', sizeBytes: 1, mode: 0o1777, why: 'temporary' },
  { ...bind('/srv/it, [is] {odd}*?^@', 'read'), identity: id('file') } as Mount,
])

test('what is shown is granted, what is kept is denied, and nothing else is named', () => {
  const text = apparmorProfile(SPEC, 'warder-agent')
  for (const line of [
    'profile warder-agent flags=(attach_disconnected) {',
    '  "/w/" rw,',
    '  "/w/**" mrwlkix,',
    '  deny "/w/.git" wl,',
    '  deny "/w/.git/**" wl,',
    '  deny "/w/.mcp.json" wl,',
    '  deny "/w/private/**" mrwklx,',
    '  deny network raw,',
    '  deny mount,',
    '  deny ptrace (trace, tracedby),',
    String.raw`  "/srv/it\, \[is\] \{odd\}\*\?\^\@" mrix,`,
  ])
    assert.ok(text.split('\n').includes(line), `${line}\n${text}`)
  assert.doesNotMatch(text, /^\s*(allow )?capability/m)
})

test('no path becomes a rule of its own', () => {
  const text = fc.stringMatching(/^[a-z \\*?{}[\]^@$!,]{1,20}$/)
  fc.assert(
    fc.property(text, (name) => {
      const before = apparmorProfile(specOf([bind('/w', 'write')]), 'x').split('\n').length
      const profile = apparmorProfile(specOf([bind(`/w${name}`, 'write')]), 'x')
      assert.equal(profile.split('\n').length, before)
      const quoted = profile.split('\n').filter((line) => line.includes(' mrwlkix,'))
      assert.match(quoted[0] ?? '', /^ {2}"\/w(?:\\.|[^\\*?{}[\]^@$!,"])*\/\*\*" mrwlkix,$/)
    }),
  )
  for (const wrong of ['/a"b', '/a\nb', '/a\u0000'])
    assert.throws(() => apparmorProfile(specOf([bind(wrong, 'read')]), 'x'), { code: 'SANDBOX_PATH_INVALID' })
  assert.throws(() => apparmorProfile(SPEC, 'x {}'), { code: 'SANDBOX_PROFILE_INVALID' })
})

test('the parser takes it', (t) => {
  if (!existsSync(PARSER)) return t.skip(`${PARSER} is not on this machine: the syntax was NOT checked`)
  const { status, stderr } = spawnSync(PARSER, ['--skip-kernel-load', '--skip-cache', '--debug'], {
    input: apparmorProfile(SPEC, 'warder-agent'),
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
})

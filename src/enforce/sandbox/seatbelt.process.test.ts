import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seatbeltArguments, seatbeltProfile } from './seatbelt.ts'
import type { Mount, SandboxSpec } from './spec.ts'

const PROGRAM = '/usr/bin/sandbox-exec'

test('macOS takes the generated profile and keeps a program in by it', (t) => {
  if (process.platform !== 'darwin' || !existsSync(PROGRAM))
    return t.skip('this is not macOS: the generated profile was NOT run')
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'warder-seatbelt-')))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const [work, temporary, outside] = ['work', 'temporary', 'outside'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [work, temporary, outside, join(work, '.git')]) mkdirSync(path)
  writeFileSync(join(outside, 'secret'), 'mark')
  const tree: Mount = {
    ...{ type: 'bind', source: work, path: work, access: 'write', why: 'workspace' },
    identity: { device: '', inode: '', kind: 'directory' },
  }
  const git: Mount = { ...tree, source: join(work, '.git'), path: join(work, '.git'), access: 'read' }
  const mcp: Mount = {
    type: 'mask',
    path: join(work, '.mcp.json'),
    kind: 'file',
    absent: true,
    why: 'protected name',
  }
  const profile = seatbeltProfile({ mounts: [tree, git, mcp], noFork: false } as unknown as SandboxSpec, {
    temporary,
  })
  const script = `cd '${work}'; echo own > own; cat own; echo x > '${temporary}/t' && echo temporary
    cat '${outside}/secret'; echo x > '${outside}/new'; echo x > .git/config; echo x > .mcp.json; echo x > .MCP.json
    mv .git elsewhere; /usr/bin/curl -s -m 2 http://127.0.0.1:9/; echo tried`
  const { stdout } = spawnSync(PROGRAM, seatbeltArguments(profile, ['/bin/sh', '-c', script]), {
    encoding: 'utf8',
  })
  assert.equal(stdout, 'own\ntemporary\ntried\n')
  for (const path of [
    join(outside, 'new'),
    join(work, '.git/config'),
    join(work, '.mcp.json'),
    join(work, 'elsewhere'),
  ])
    assert.equal(existsSync(path), false, path)
})

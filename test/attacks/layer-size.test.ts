/** An agent that fills the disk it writes to. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { needs } from '../kit/box.ts'
import { house, type House } from '../kit/house.ts'
import { owner } from '../kit/owner.ts'

const MOST = 'workspace.max_layer=8MiB'
// more than the limit, in pieces, and then as long as it is let
const FILL = 'for i in $(seq 20); do dd if=/dev/zero of=big$i bs=1M count=1 2>/dev/null; done; sleep 600'

function run(home: House, mode: string, script: string) {
  const words = ['run', '--agent', 'glutton', '--workspace-mode', mode, '--', 'sh', '-c', script]
  return home.warder(words, { timeoutMs: 120_000 })
}

/** What `sandbox explain` claims must hold; where it says that nobody looks while a run goes on, nothing is claimed. */
async function isWatched(t: TestContext, home: House): Promise<boolean> {
  const { stdout } = await home.command(['sandbox', 'explain', 'agent', '--agent', 'glutton'])
  assert.match(
    stdout,
    /must stay free on the disk it writes to \(workspace\.min_free\); looked at when it starts/,
  )
  if (!/not while it runs/.test(stdout)) return true
  t.skip('nobody looks at layers while runs write to them, and explain says so: the attack was NOT tried')
  return false
}

for (const mode of ['overlay', 'worktree']) {
  test(`an agent that writes more aside than it may is ended, and runs no more until that is decided on (${mode})`, async (t) => {
    if (mode === 'worktree' && !needs(t, '/usr/bin/git')) return
    const home = house(t)
    const { workspace } = home
    writeFileSync(join(workspace, 'mine'), 'mine\n')
    execFileSync('/usr/bin/git', ['init', '-q'], { cwd: workspace })
    const me = await owner(t, home, [MOST])
    if (!(await isWatched(t, home))) return
    const filled = await run(home, mode, FILL)
    assert.notEqual(filled.code, 0)
    assert.match(filled.stderr, /ended glutton: what it wrote aside takes .* may take 8 MiB/)
    const entry = await me.entry({ rule: 'containment.disk', target: 'glutton' })
    assert.match(entry.reason, /what it wrote aside takes/)
    assert.deepEqual(
      readdirSync(workspace).filter((name) => name !== '.git'),
      ['mine'],
    )

    const again = await run(home, mode, 'echo RAN')
    assert.equal(again.stdout, '')
    assert.equal(again.code, 5, again.stderr)
    assert.match(again.stderr, /what glutton writes to takes .* may take 8 MiB/)
    const discarded = await home.command(['changes', 'discard', 'glutton', '--confirm', 'glutton'])
    assert.equal(discarded.code, 0, discarded.stderr)
    assert.equal((await run(home, mode, 'echo RAN')).stdout, 'RAN\n')
  })
}

test('where too little room is left nothing begins that could take it, and the rest goes on', async (t) => {
  const home = house(t)
  await owner(t, home, ['workspace.min_free=100000GiB'])
  for (const mode of ['overlay', 'direct']) {
    const refused = await run(home, mode, 'echo x > file; echo RAN')
    assert.equal(refused.stdout, '')
    assert.equal(refused.code, 7, refused.stderr)
    assert.match(refused.stderr, /the disk of .* has .* left, and 100000 GiB must stay free/)
  }
  assert.ok(!existsSync(join(home.workspace, 'file')))
  const looked = await home.warder(['exec', '--', '/usr/bin/echo', 'looked'])
  assert.equal(looked.stdout, 'looked\n', looked.stderr)
})

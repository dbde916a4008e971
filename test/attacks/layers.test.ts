/** An agent that works beside the workspace, and tries to write to it, or past it, all the same. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { house, type House } from '../kit/house.ts'
import { needs } from '../kit/box.ts'

/** A server of the host's whose socket lies in the project, as those of databases and editors do. */
async function socketAt(t: TestContext, path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(path, () => done()))
  t.after(() => server.close())
}

function runs(home: House, mode: string, script: string) {
  return home.warder(['run', '--agent', 'sly', '--workspace-mode', mode, '--', 'sh', '-c', script])
}

test('what is masked in a clone never opens the real directory it lies in', async (t) => {
  if (!needs(t, '/usr/bin/git')) return
  const home = house(t)
  const { workspace } = home
  const git = (...words: readonly string[]) =>
    execFileSync('/usr/bin/git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: workspace })
  mkdirSync(join(workspace, 'sub'))
  writeFileSync(join(workspace, 'sub/real.txt'), 'mine\n')
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'first')
  // the mask of the socket must stand on something in the clone: the agent sees to that
  const first = await runs(home, 'worktree', 'echo > sub/app.sock')
  assert.equal(first.code, 0, first.stderr)
  await socketAt(t, join(workspace, 'sub/app.sock'))
  const second = await runs(
    home,
    'worktree',
    'echo PWNED >> sub/real.txt; echo PWNED > sub/new.txt; cat sub/real.txt',
  )
  assert.match(second.stdout, /PWNED/, second.stderr) // in its clone it may
  assert.equal(readFileSync(join(workspace, 'sub/real.txt'), 'utf8'), 'mine\n')
  assert.deepEqual(readdirSync(join(workspace, 'sub')).toSorted(), ['app.sock', 'real.txt'])
})

test('a link left in a layer does not make the next start write where it leads', async (t) => {
  const home = house(t)
  const { workspace } = home
  const victim = join(home.home, 'victim')
  mkdirSync(victim)
  mkdirSync(join(workspace, 'run'))
  writeFileSync(join(workspace, 'run/file'), '')
  // while a sandbox is built, the host still stands under this name
  const first = await runs(home, 'overlay', `rm -r run && ln -s /oldroot${victim} run && ls -l run`)
  assert.match(first.stdout, /oldroot/, first.stderr)
  await socketAt(t, join(workspace, 'run/evil.sock'))
  const second = await runs(home, 'overlay', 'echo RAN')
  assert.equal(second.stdout, 'RAN\n', second.stderr)
  assert.deepEqual(readdirSync(victim), [])
  assert.ok(existsSync(join(workspace, 'run/file')), 'the workspace is as it was')
})

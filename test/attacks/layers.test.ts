/** An agent that works beside the workspace, and tries to write to it, or past it, all the same. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import type { OutputOf } from '../../src/api/endpoints.ts'
import { house, type House } from '../kit/house.ts'
import { inSandbox, needs } from '../kit/box.ts'
import { configure } from '../kit/owner.ts'

/** A server of the host's whose socket lies in the project, as those of databases and editors do. */
async function socketAt(t: TestContext, path: string): Promise<void> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(path, () => done()))
  t.after(() => server.close())
}

const all = house({ after })

/** One agent with a workspace of its own, under the daemon all of them share. */
interface Place {
  readonly home: House
  readonly agent: string
  readonly workspace: string
}

function place(agent: string): Place {
  const workspace = join(all.home, `work-${agent}`)
  mkdirSync(workspace)
  return { home: all, agent, workspace }
}

function runs(
  { home, agent, workspace }: Place,
  workspaceMode: 'overlay' | 'worktree' | 'direct',
  script: string,
) {
  return inSandbox(home, { agent, workspace, workspaceMode, argv: ['sh', '-c', script] })
}

/** The workspace becomes a repository with one commit of what is in it. */
function commitAll(workspace: string): void {
  const git = (...words: readonly string[]) =>
    execFileSync('/usr/bin/git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd: workspace })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'first')
}

async function aside({ home, agent }: Place): Promise<OutputOf<'changesList'>['sets']> {
  const { sets } = (await home.command(['changes', 'list', '--json'])).json<OutputOf<'changesList'>>()
  return sets.filter((set) => set.agent === agent)
}

test('what is masked in a clone never opens the real directory it lies in', async (t) => {
  if (!needs(t, '/usr/bin/git')) return
  const here = place('masked')
  const { workspace } = here
  mkdirSync(join(workspace, 'sub'))
  writeFileSync(join(workspace, 'sub/real.txt'), 'mine\n')
  commitAll(workspace)
  // the mask of the socket must stand on something in the clone: the agent sees to that
  const first = await runs(here, 'worktree', 'echo > sub/app.sock')
  assert.equal(first.code, 0, first.stderr)
  await socketAt(t, join(workspace, 'sub/app.sock'))
  const second = await runs(
    here,
    'worktree',
    'echo PWNED >> sub/real.txt; echo PWNED > sub/new.txt; cat sub/real.txt',
  )
  assert.match(second.stdout, /PWNED/, second.stderr) // in its clone it may
  assert.equal(readFileSync(join(workspace, 'sub/real.txt'), 'utf8'), 'mine\n')
  assert.deepEqual(readdirSync(join(workspace, 'sub')).toSorted(), ['app.sock', 'real.txt'])
})

test('a link left in a layer does not make the next start write where it leads', async (t) => {
  const here = place('linker')
  const { home, workspace } = here
  const victim = join(home.home, 'victim')
  mkdirSync(victim)
  mkdirSync(join(workspace, 'run'))
  writeFileSync(join(workspace, 'run/file'), '')
  // while a sandbox is built, the host still stands under this name
  const first = await runs(here, 'overlay', `rm -r run && ln -s /oldroot${victim} run && ls -l run`)
  assert.match(first.stdout, /oldroot/, first.stderr)
  await socketAt(t, join(workspace, 'run/evil.sock'))
  const second = await runs(here, 'overlay', 'echo RAN')
  assert.equal(second.stdout, 'RAN\n', second.stderr)
  assert.deepEqual(readdirSync(victim), [])
  assert.ok(existsSync(join(workspace, 'run/file')), 'the workspace is as it was')
})

test('a name that policy keeps from being written cannot be exchanged by the link it hangs on', async () => {
  const here = place('exchanger')
  const { home, workspace } = here
  const outside = join(home.home, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'tool.conf'), 'mine\n')
  const at = (name: string): string => join(workspace, name)
  mkdirSync(at('real'))
  writeFileSync(at('real/tool.conf'), 'mine\n')
  writeFileSync(at('plain.conf'), 'mine\n')
  symlinkSync(join(outside, 'tool.conf'), at('out.conf'))
  symlinkSync(outside, at('out'))
  symlinkSync('real', at('inner'))
  const keep = (name: string): string =>
    configure(
      home,
      'policy.yaml',
      `version: 1
rules:
  - {id: kept, agents: ["*"], effect: deny, capabilities: ["fs:write:${at(name)}"], reason: tools obey it}
`,
    )
  const names = [
    ['out.conf', 'out.conf'],
    ['out/tool.conf', 'out'],
    ['out/new.conf', 'out'],
    ['inner/tool.conf', 'inner'],
  ] as const
  for (const [name, link] of names) {
    keep(name)
    assert.equal((await home.command(['policy', 'reload'])).code, 0)
    const was = readlinkSync(at(link))
    const tried = await runs(
      here,
      'direct',
      `rm ${link}; mkdir -p "$(dirname ${name})"; echo PWNED > ${name}; cat ${name}`,
    )
    assert.equal(readlinkSync(at(link)), was, `${name}: ${tried.stdout}${tried.stderr}`)
    assert.doesNotMatch(tried.stdout, /PWNED/, name)
    assert.notEqual(tried.code, 0, name)
    assert.match(tried.stderr, /rule\.kept keeps .* is a link, which cannot be held in place/, name)
  }
  // a name that is what it says is held, and so it is where the link led
  for (const name of ['plain.conf', 'real/tool.conf']) {
    keep(name)
    assert.equal((await home.command(['policy', 'reload'])).code, 0)
    const held = await runs(here, 'direct', `echo PWNED > ${name}; rm -f ${name}; mv ${name} x; cat ${name}`)
    assert.equal(held.stdout, 'mine\n', held.stderr)
    assert.equal(readFileSync(at(name), 'utf8'), 'mine\n')
  }
})

test('a workspace that its group may write to has a layer as well, and the layer is nobody else’s', async () => {
  const here = place('grouped')
  const { home, workspace } = here
  chmodSync(workspace, 0o2775)
  const first = await runs(here, 'overlay', 'echo new > file; stat -c %a .')
  assert.equal(first.code, 0, first.stderr)
  assert.match(first.stdout, /^2?775\n$/, 'the modes of the workspace are seen inside')
  assert.deepEqual(readdirSync(workspace), [])
  const [set] = await aside(here)
  assert.equal(set?.agent, 'grouped')
  // whoever can reach the layer could put words into the agent's mouth
  const layer = join(home.state, 'changes/grouped', set?.id ?? 'none')
  for (const mode of [0o770, 0o707]) {
    chmodSync(layer, mode)
    const refused = await runs(here, 'overlay', 'echo RAN')
    assert.equal(refused.stdout, '')
    assert.notEqual(refused.code, 0)
    assert.match(refused.stderr, /is not what it was when the run was decided on/)
  }
  chmodSync(layer, 0o700)
  assert.equal((await runs(here, 'overlay', 'cat file')).stdout, 'new\n')
})

test('a run that is refused leaves no clone, and takes none away that was there', async (t) => {
  if (!needs(t, '/usr/bin/git')) return
  const here = place('sly')
  const { home, workspace } = here
  writeFileSync(join(workspace, 'file'), 'mine\n')
  commitAll(workspace)
  const clones = join(home.state, 'clones/sly')
  const stopped = async (): Promise<void> => {
    assert.equal((await home.warder(['stop', 'sly'])).code, 0)
    const refused = await runs(here, 'worktree', 'echo RAN')
    assert.equal(refused.stdout, '')
    assert.notEqual(refused.code, 0)
  }
  const resume = async (): Promise<void> => {
    const resumed = await home.command(['resume', 'sly', '--reason', 'looked', '--confirm', 'sly'])
    assert.equal(resumed.code, 0, resumed.stderr)
  }
  await stopped()
  assert.deepEqual(existsSync(clones) ? readdirSync(clones) : [], [])
  assert.deepEqual(await aside(here), [])
  await resume()
  const first = await runs(here, 'worktree', 'echo work > work')
  assert.equal(first.code, 0, first.stderr)
  await stopped()
  await resume()
  assert.equal((await runs(here, 'worktree', 'cat work')).stdout, 'work\n', 'what it did is still there')
  assert.equal(readdirSync(clones).length, 1)
})

test('a command given in the name of an agent that writes at once says so', async () => {
  const { home, workspace } = place('hasty')
  const rule = `version: 1
rules:
  - {id: may, agents: [hasty], effect: allow, capabilities: ["process:spawn:/**"], reason: its own programs}
`
  configure(home, 'policy.yaml', rule)
  assert.equal((await home.command(['policy', 'reload'])).code, 0)
  const exec = (...words: readonly string[]) =>
    home.warder(['exec', '--agent', 'hasty', ...words, '--', '/bin/sh', '-c', 'echo x > file; true'], {
      cwd: workspace,
    })
  const wrote = await exec('--profile', 'agent')
  assert.equal(wrote.code, 0, wrote.stderr)
  assert.match(wrote.stderr, /goes straight into the workspace.*warder exec --in hasty/)
  assert.ok(existsSync(join(workspace, 'file')))
  rmSync(join(workspace, 'file'))
  const looked = await exec()
  assert.doesNotMatch(looked.stderr, /workspace; to run one/, 'one that may only read writes nowhere')
  assert.ok(!existsSync(join(workspace, 'file')))
})

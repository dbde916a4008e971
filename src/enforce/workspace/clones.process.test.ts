import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Clones, type Clone } from './clones.ts'
import { driversOff, git, neutralGit } from './git.ts'

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted
const owner = { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }

/** Plain git, as the owner or the agent would run it: obeys every configuration it finds. */
function plainGit(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/bin:/bin',
      HOME: cwd,
      GIT_CONFIG_NOSYSTEM: '1',
      ...{
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@b',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@b',
      },
    },
  })
}

function ground(t: { after(fn: () => void): void }) {
  const home = mkdtempSync(join(tmpdir(), 'wg-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const workspace = join(home, 'work')
  mkdirSync(workspace)
  mkdirSync(join(home, 'state'), { mode: 0o700 })
  plainGit(workspace, 'init', '-q', '-b', 'main')
  writeFileSync(join(workspace, 'a'), 'a\n')
  plainGit(workspace, 'add', '.')
  plainGit(workspace, 'commit', '-qm', 'first')
  plainGit(workspace, 'tag', 'v1')
  const count = { ids: 0 }
  const clones = new Clones({
    own: join(home, 'state/clones'),
    givenAway: join(home, 'given/clones'),
    uid: owner.uid,
    now: () => Date.UTC(2026, 0, 2),
    newId: () => `clone-${(count.ids += 1)}`,
  })
  /** A run that begins and ends. */
  const clonedFor = async (agent: string, tree = workspace): Promise<Clone> => {
    const { clone, close } = await clones.open(agent, tree, owner)
    close()
    return clone
  }
  /** A program that tells on itself when anything runs it. */
  const ran = join(home, 'ran')
  const bomb = join(home, 'bomb')
  writeFileSync(bomb, `#!/bin/sh\necho "$0 $*" >> ${ran}\nexit 0\n`)
  chmodSync(bomb, 0o755)
  return { home, workspace, clones, clonedFor, ran, bomb }
}

test('an agent commits in a clone of its own, and the owner’s repository gets the commits and nothing else', async (t) => {
  const { workspace, clones, clonedFor } = ground(t)
  writeFileSync(join(workspace, 'uncommitted'), 'mine')
  const clone = await clonedFor('builder')
  assert.equal(readFileSync(join(clone.tree, 'a'), 'utf8'), 'a\n')
  assert.equal(plainGit(clone.tree, 'status', '--porcelain', '-b'), '## main\n')
  assert.equal(plainGit(clone.tree, 'tag'), 'v1\n')
  assert.equal(plainGit(clone.tree, 'remote'), '', 'no way back')
  assert.ok(!existsSync(join(clone.tree, '.git/objects/info/alternates')))
  writeFileSync(join(clone.tree, 'b'), 'b\n')
  plainGit(clone.tree, 'add', '.')
  plainGit(clone.tree, 'commit', '-qm', 'second')
  plainGit(clone.tree, 'checkout', '-qb', 'feature/x')
  plainGit(clone.tree, 'commit', '--allow-empty', '-qm', 'third')
  const before = plainGit(workspace, 'status', '--porcelain', '-b')
  assert.equal((await clones.pending(clone)).length, 2)
  const run = await clones.open('builder', workspace, owner)
  await assert.rejects(clones.fetch(clone), code('CHANGES_IN_USE'))
  await assert.rejects(clones.open('builder', workspace, owner), code('CHANGES_IN_USE'))
  run.close()
  const fetched = await clones.fetch(clone)
  assert.deepEqual(
    fetched.map(({ ref }) => ref),
    ['refs/warder/builder/feature/x', 'refs/warder/builder/main'],
  )
  assert.equal(plainGit(workspace, 'status', '--porcelain', '-b'), before)
  assert.equal(
    plainGit(workspace, 'log', '--format=%s', 'refs/warder/builder/feature/x'),
    'third\nsecond\nfirst\n',
  )
  assert.ok(!existsSync(join(workspace, 'b')))
  assert.deepEqual(await clones.fetch(clone), [])
  assert.deepEqual(await clones.pending(clone), [])
  assert.equal((await clonedFor('builder')).id, clone.id)
  await clones.remove(clone)
  assert.ok(!existsSync(clone.directory))
  assert.equal(plainGit(workspace, 'show', 'refs/warder/builder/main:b'), 'b\n')
})

test('an empty repository and a detached one can be cloned', async (t) => {
  const { home, workspace, clones, clonedFor } = ground(t)
  plainGit(workspace, 'checkout', '-q', '--detach')
  const detached = await clonedFor('one')
  assert.equal(plainGit(detached.tree, 'status', '--porcelain', '-b'), '## HEAD (no branch)\n')
  const empty = join(home, 'empty')
  mkdirSync(empty)
  plainGit(empty, 'init', '-q', '-b', 'trunk')
  const clone = await clonedFor('one', empty)
  plainGit(clone.tree, 'commit', '--allow-empty', '-qm', 'x')
  assert.deepEqual(
    (await clones.fetch(clone)).map(({ ref }) => ref),
    ['refs/warder/one/trunk'],
  )
})

/** Everything a configuration can make git run, as its lines. */
function bombs(bomb: string): string {
  return `
[core]
  fsmonitor = ${bomb}
  hooksPath = ${dirname(bomb)}/hooks
  sshCommand = ${bomb}
  gitProxy = ${bomb}
  askPass = ${bomb}
  pager = ${bomb}
  editor = ${bomb}
  alternateRefsCommand = ${bomb}
  worktree = ${dirname(bomb)}
[sequence]
  editor = ${bomb}
[credential]
  helper = !${bomb}
[filter "evil"]
  clean = ${bomb}
  smudge = ${bomb}
  process = ${bomb}
  required = true
[diff]
  external = ${bomb}
[diff "evil"]
  textconv = ${bomb}
  command = ${bomb}
[merge "evil"]
  driver = ${bomb}
[gpg]
  program = ${bomb}
[gpg "ssh"]
  program = ${bomb}
[commit]
  gpgSign = true
[uploadpack]
  packObjectsHook = ${bomb}
[protocol "ext"]
  allow = always
[url "ext::${bomb} "]
  insteadOf = file://
[remote "host"]
  url = ext::${bomb}
  promisor = true
  uploadpack = ${bomb}
[extensions]
  partialClone = host
[maintenance]
  auto = true
[gc]
  auto = 1
[alias]
  fetch = !${bomb}
`
}

function plantHooks(home: string, bomb: string, repository: string): void {
  mkdirSync(join(home, 'hooks'), { recursive: true })
  mkdirSync(join(repository, 'hooks'), { recursive: true })
  for (const hook of [
    'reference-transaction',
    'post-checkout',
    'pre-commit',
    'post-index-change',
    'fsmonitor-watchman',
  ])
    for (const place of [join(home, 'hooks'), join(repository, 'hooks')]) {
      writeFileSync(join(place, hook), readFileSync(bomb))
      chmodSync(join(place, hook), 0o755)
    }
}

/** Git that obeys what is there runs it: so what does not run below was not obeyed. */
function assertArmed(tree: string, ran: string): void {
  try {
    plainGit(tree, '-c', 'core.worktree=.', 'status')
  } catch {
    // it may well fail at what it ran
  }
  assert.ok(existsSync(ran), 'the trap does not work: nothing was tried')
  rmSync(ran)
}

test('nothing an agent writes into its clone is run when its commits are fetched', async (t) => {
  const { home, workspace, clones, clonedFor, ran, bomb } = ground(t)
  const clone = await clonedFor('builder')
  writeFileSync(join(clone.tree, '.gitattributes'), '* filter=evil diff=evil merge=evil\n')
  writeFileSync(join(clone.tree, 'b'), 'b\n')
  plainGit(clone.tree, 'add', '.')
  plainGit(clone.tree, 'commit', '-qm', 'second')
  appendFileSync(join(clone.tree, '.git/config'), bombs(bomb))
  plantHooks(home, bomb, join(clone.tree, '.git'))
  assertArmed(clone.tree, ran)
  await clones.fetch(clone)
  assert.equal(plainGit(workspace, 'show', 'refs/warder/builder/main:b'), 'b\n')
  assert.ok(!existsSync(ran), existsSync(ran) ? readFileSync(ran, 'utf8') : '')
})

test('nothing in the configuration of the owner’s repository is run either, by clone or fetch', async (t) => {
  const { home, workspace, clones, clonedFor, ran, bomb } = ground(t)
  writeFileSync(join(workspace, '.gitattributes'), '* filter=evil diff=evil\n')
  plainGit(workspace, 'add', '.')
  plainGit(workspace, 'commit', '-qm', 'attributes')
  plantHooks(home, bomb, join(workspace, '.git'))
  appendFileSync(join(workspace, '.git/config'), bombs(bomb))
  assertArmed(workspace, ran)
  const clone = await clonedFor('builder')
  plainGit(clone.tree, 'commit', '--allow-empty', '-qm', 'second')
  // one line leads the way to the agent's commits to a program: refused, not followed
  await assert.rejects(clones.fetch(clone), /transport 'ext' not allowed/)
  plainGit(workspace, 'config', '--remove-section', `url.ext::${bomb} `)
  await clones.fetch(clone)
  assert.equal(plainGit(workspace, 'log', '-1', '--format=%s', 'refs/warder/builder/main'), 'second\n')
  assert.ok(!existsSync(ran), existsSync(ran) ? readFileSync(ran, 'utf8') : '')
  assert.match(readFileSync(join(clone.tree, 'a'), 'utf8'), /^a$/m)
})

test('status, diff and log of a hostile repository run nothing once its drivers are named', async (t) => {
  const { home, workspace, ran, bomb } = ground(t)
  writeFileSync(join(workspace, '.gitattributes'), '* filter=evil diff=evil merge=evil\n')
  plantHooks(home, bomb, join(workspace, '.git'))
  appendFileSync(join(workspace, '.git/config'), bombs(bomb))
  appendFileSync(join(workspace, 'a'), 'changed\n')
  assertArmed(workspace, ran)
  const gitDir = join(workspace, '.git')
  const at = { cwd: workspace, gitDir, workTree: workspace }
  const drivers = driversOff((await git(['config', '--list', '--name-only'], at)).split('\n'))
  await git(['status', '--porcelain'], { ...at, drivers })
  assert.match(await git(['diff'], { ...at, drivers }), /^\+changed$/m)
  await git(['log', '-p', '--show-signature'], { ...at, drivers })
  await git(['add', '-A'], { ...at, drivers })
  assert.ok(!existsSync(ran), existsSync(ran) ? readFileSync(ran, 'utf8') : '')
})

test('a clone whose parts lie elsewhere is refused', async (t) => {
  const { home, workspace, clones, clonedFor } = ground(t)
  const other = join(home, 'other')
  mkdirSync(other)
  plainGit(other, 'init', '-q')
  const tricks: Record<string, (repository: string) => void> = {
    pointer: (repository) => {
      renameSync(repository, join(home, `moved-${Date.now()}`))
      writeFileSync(repository, `gitdir: ${other}/.git\n`)
    },
    link: (repository) => {
      renameSync(repository, join(home, 'moved'))
      symlinkSync(join(home, 'moved'), repository)
    },
    alternates: (repository) =>
      writeFileSync(join(repository, 'objects/info/alternates'), `${other}/.git/objects\n`),
    commondir: (repository) => writeFileSync(join(repository, 'commondir'), `${other}/.git\n`),
    'linked pack': (repository) => {
      rmSync(join(repository, 'objects/pack'), { recursive: true, force: true })
      symlinkSync(join(other, '.git/objects/pack'), join(repository, 'objects/pack'))
    },
    'linked reference': (repository) => {
      rmSync(join(repository, 'refs/heads/main'), { force: true })
      symlinkSync('/etc/hostname', join(repository, 'refs/heads/main'))
    },
    'strange reference': (repository) =>
      writeFileSync(join(repository, 'refs/heads/$(id)'), readFileSync(join(repository, 'refs/heads/main'))),
    'pipe for a HEAD': (repository) => {
      rmSync(join(repository, 'HEAD'))
      execFileSync('mkfifo', [join(repository, 'HEAD')])
    },
  }
  for (const [name, plant] of Object.entries(tricks)) {
    const clone = await clonedFor(`agent-${Object.keys(tricks).indexOf(name)}`)
    plant(join(clone.tree, '.git'))
    await assert.rejects(clones.fetch(clone), code('GIT_UNSAFE'), name)
  }
  assert.equal(plainGit(workspace, 'for-each-ref', 'refs/warder'), '')
})

test('an agent’s commit that would plant a .git directory is refused by git itself', async (t) => {
  const { clones, clonedFor } = ground(t)
  const clone = await clonedFor('builder')
  const blob = plainGit(clone.tree, 'hash-object', '-w', '--stdin').trim()
  const raw = Buffer.concat([Buffer.from('40000 .git\0'), Buffer.from(treeOf(clone.tree, blob), 'hex')])
  const tree = execFileSync('git', ['hash-object', '-t', 'tree', '--literally', '-w', '--stdin'], {
    cwd: clone.tree,
    input: raw,
    encoding: 'utf8',
  }).trim()
  const commit = plainGit(clone.tree, 'commit-tree', '-m', 'evil', tree).trim()
  plainGit(clone.tree, 'update-ref', 'refs/heads/evil', commit)
  await assert.rejects(clones.fetch(clone), code('GIT_FAILED'))
})

function treeOf(cwd: string, blob: string): string {
  return execFileSync('git', ['mktree'], {
    cwd,
    input: `100644 blob ${blob}\tconfig\n`,
    encoding: 'utf8',
  }).trim()
}

test('a git call names no program but its own, and takes nothing from the environment', () => {
  const { args, env } = neutralGit(['diff', '--', 'a'], { gitDir: '/r/.git' })
  assert.equal(args.at(-5), 'diff')
  assert.deepEqual(args.slice(-4), ['--no-ext-diff', '--no-textconv', '--', 'a'])
  assert.equal(env['GIT_CONFIG_GLOBAL'], '/dev/null')
  assert.ok(args.includes('core.fsmonitor=false') && args.includes('core.hooksPath=/dev/null'))
  assert.throws(() => driversOff(['filter.a=b.clean']), code('GIT_UNSAFE'))
  assert.deepEqual(driversOff(['diff.external', 'user.name', 'diff.x.textconv']), [
    'diff.x.command=',
    'diff.x.textconv=',
  ])
})

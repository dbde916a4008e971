import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { OutputOf } from '../../src/api/endpoints.ts'
import { brief, workspaceExample } from '../../src/enforce/workspace/overlay.example.ts'
import type { Wish } from '../../src/enforce/workspace/stage.ts'
import { askAsAgent, type Ask } from '../kit/agent.ts'
import { changeAsAgent } from '../kit/changes.ts'
import { house, isAlive, until, type House } from '../kit/house.ts'
import { owner } from '../kit/owner.ts'

// What an agent may try with what it changed: to have it applied, to reach past the workspace, to be run by the host.

test('an agent can neither apply, discard or look at changes, nor use snapshots', async (t) => {
  const home = house(t)
  writeFileSync(join(home.workspace, 'a'), 'a\n')
  await changeAsAgent(home, 'builder', 'echo evil >> a')
  const taken = await home.command(['snapshot', 'take', '--json'])
  const { id } = taken.json<OutputOf<'snapshotTake'>>()
  writeFileSync(join(home.workspace, 'a'), 'b\n')
  const asks: Ask[] = [
    { method: 'GET', path: '/v1/changes' },
    { method: 'GET', path: '/v1/changes/builder' },
    { method: 'POST', path: '/v1/changes/builder/apply', body: { accept: ['conflict'] } },
    { method: 'POST', path: '/v1/changes/builder/discard', body: {} },
    { method: 'POST', path: '/v1/snapshots', body: { workspace: home.home } },
    { method: 'GET', path: '/v1/snapshots' },
    { method: 'GET', path: `/v1/snapshots/${id}` },
    { method: 'POST', path: `/v1/snapshots/${id}/restore`, body: {} },
    { method: 'DELETE', path: `/v1/snapshots/${id}` },
  ]
  for (const answer of await askAsAgent(home, 'builder', asks)) {
    assert.equal(answer.status, 403)
    assert.equal(answer.body['code'], 'NOT_FOR_AGENTS')
  }
  assert.equal(readFileSync(join(home.workspace, 'a'), 'utf8'), 'b\n')
  const asOwner = await owner(t, home)
  const refused = (await asOwner.ledger({ agent: 'builder' })).filter(
    ({ action }) => action === 'socket:call',
  )
  assert.equal(refused.length, asks.length, 'each is on record')
  assert.equal(
    (await home.command(['changes', 'list', '--json'])).json<OutputOf<'changesList'>>().sets.length,
    1,
  )
})

test('a directory that is exchanged for a link again and again never leads a write outside', async (t) => {
  const { home, workspace, transactions } = workspaceExample(t)
  const outside = join(home, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'f'), 'untouched')
  mkdirSync(join(workspace, 'd'))
  const ends = { written: 0, refused: 0 }
  const swapper = await startSwapping(workspace, outside)
  for (let round = 0; round < 60; round += 1) {
    const put = (path: string): Wish => ({
      ...{ kind: 'file', path, expects: null, mode: 0o644 },
      fill: (fd) => void writeSync(fd, 'by the agent'),
    })
    try {
      await transactions.run(workspace, 'test', [put(`d/f${round}`), put(`d/g${round}`)])
      ends.written += 1
    } catch {
      ends.refused += 1 // or put back
    }
    assert.deepEqual(readdirSync(outside), ['f'])
    assert.equal(readFileSync(join(outside, 'f'), 'utf8'), 'untouched')
  }
  await swapper.end()
  t.diagnostic(`${ends.written} written, ${ends.refused} refused or put back`)
  assert.ok(
    ends.written > 0 && ends.refused > 0,
    'the directory was never, or always, in the way: nothing was tried',
  )
})

/** Exchanges `d` of the workspace for a link without pause, and leaves the directory there at the end. */
async function startSwapping(workspace: string, outside: string): Promise<{ end(): Promise<void> }> {
  const swap = `
    my ($w, $o) = @ARGV; $| = 1; my $go = 1; $SIG{TERM} = sub { $go = 0 }; print "ready\\n";
    while ($go) { rename "$w/d", "$w/e"; symlink $o, "$w/d"; unlink "$w/d"; rename "$w/e", "$w/d"; }`
  const child = spawn('perl', ['-e', swap, workspace, outside], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return {
    end: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

test('a link of the host’s own in the workspace is replaced where the agent replaced it, and not followed', async (t) => {
  const { home, workspace, agent, apply } = workspaceExample(t)
  mkdirSync(join(home, 'outside'))
  symlinkSync('../outside', join(workspace, 'out'))
  const set = await agent('rm out; mkdir out; echo x > out/f')
  await apply(set)
  assert.equal(readFileSync(join(workspace, 'out/f'), 'utf8'), 'x\n')
  assert.deepEqual(readdirSync(join(home, 'outside')), [])
})

test('a planted .git, whatever its spelling, does not reach the host, so its git runs nothing', async (t) => {
  const { home, workspace, agent, apply, changes } = workspaceExample(t)
  const ran = join(home, 'ran')
  const set = await agent(`
    mkdir -p real/hooks real/objects real/refs sub .GiT; echo 'ref: refs/heads/main' > real/HEAD
    printf '[core]\\n\\trepositoryformatversion = 0\\n\\tworktree = .\\n\\tfsmonitor = "echo ran >> ${ran}; false"\\n' > real/config
    echo 'gitdir: real' > .git; echo 'gitdir: ../real' > sub/.git; cp -r real/. .GiT/; echo fine > fine`)
  const { report } = await changes.show(set)
  const open = brief(report.changes).filter((line) => !line.includes('protected'))
  assert.ok(
    open.every((line) => /^(?:fine|real|sub) added$/.test(line)),
    open.join('\n'),
  )
  await apply(set)
  assert.ok(existsSync(join(workspace, 'fine')))
  // `real` has no .git around it and needs none: git takes what has that shape for a repository
  for (const cwd of [workspace, join(workspace, 'sub'), join(workspace, 'real')]) {
    try {
      execFileSync('git', ['status'], {
        cwd,
        stdio: 'ignore',
        env: { PATH: '/usr/bin:/bin', HOME: home, GIT_CEILING_DIRECTORIES: home },
      })
    } catch {
      // there is no repository, as it should be
    }
  }
  assert.ok(!existsSync(ran))
  assert.deepEqual(
    readdirSync(workspace).filter((name) => /^\.git$/i.test(name)),
    [],
  )
})

test('names and contents of an agent can neither steer the terminal nor pass for lines of Warder', async (t) => {
  const home = house(t)
  await changeAsAgent(
    home,
    'builder',
    String.raw`printf 'x\033]0;owned\007\n\033[2J' > text; touch "$(printf 'a\nadded    innocent')" "$(printf 'b\033[8mhidden')" "$(printf 'c\342\200\256gpj')"`,
  )
  const { code, stdout } = await home.command(['changes', 'show', 'builder'])
  assert.equal(code, 0)
  assert.doesNotMatch(stdout, /[\u0000-\u0008\u000b-\u001f\u007f\u202e]/)
  assert.doesNotMatch(stdout, /^added +innocent/m)
  assert.match(stdout, /\\u\{1b\}/)
})

test('a secret in a change is neither in the record nor in what is shown', async (t) => {
  const home = house(t)
  const secret = 'ghp_0123456789abcdefghijklmnopqrstuvwxyz'
  await changeAsAgent(home, 'builder', `echo "t = ${secret}" > s`)
  const shown = await home.command(['changes', 'show', 'builder', '--json'])
  assert.match(shown.stdout, /"secret"/)
  assert.ok(!shown.stdout.includes(secret))
  const applied = await home.command(['changes', 'apply', 'builder', '--accept', 'secret'])
  assert.equal(applied.code, 0, applied.stderr)
  assert.ok(readFileSync(join(home.workspace, 's'), 'utf8').includes(secret), 'the owner said so')
  const found = spawnGrep(secret, [join(home.state, 'audit'), home.runtime])
  assert.equal(found, '')
})

function spawnGrep(text: string, places: readonly string[]): string {
  try {
    return execFileSync('grep', ['-rl', text, ...places], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

test('trees without end, shut directories and floods of pipes are told, and hold nobody up', async (t) => {
  const { workspace, agent, changes, apply, sets } = workspaceExample(t)
  const set = await agent(`
    perl -e 'for (1..400) { mkdir "d"; chdir "d" or die } open F, ">bottom"'
    mkdir shut; echo x > shut/x; chmod 000 shut; mkdir p; cd p; for n in $(seq 200); do mkfifo f$n; done; cd ..; echo ok > ok`)
  const { report } = await changes.show(set)
  assert.ok(report.changes.some(({ path, flags }) => path.startsWith('d/d/') && flags.includes('unreadable')))
  assert.equal(report.changes.filter(({ flags }) => flags.includes('fifo')).length, 200)
  const { applied } = await apply(set, [], ['ok'])
  assert.deepEqual(
    applied.map(({ path }) => path),
    ['ok'],
  )
  await changes.discard(set, [])
  assert.deepEqual(sets.list(), [])
  // it leaves the list at once, and the disk with pauses
  for (let i = 0; i < 1200 && existsSync(set.directory); i += 1) await sleep(50)
  assert.ok(!existsSync(set.directory))
  assert.deepEqual(readdirSync(workspace), ['ok'])
})

test('a daemon that is killed while it applies leaves all or nothing, and the next one says so', async (t) => {
  const home = house(t)
  const files = Array.from({ length: 300 }, (_, at) => `f${at}`)
  for (const name of files) writeFileSync(join(home.workspace, name), 'old\n')
  await changeAsAgent(home, 'builder', 'for f in f*; do echo new > $f; done')
  assert.equal((await home.warder(['daemon', 'start'])).code, 0)
  const pid = home.daemonPid() ?? 0
  const applying = home.command(['changes', 'apply', 'builder'])
  await until(() => hasBegun(home) || !isAlive(pid), 'the first file is exchanged')
  process.kill(pid, 'SIGKILL')
  await applying
  await until(() => !isAlive(pid), 'the daemon is gone')
  const list = await home.command(['changes', 'list', '--json'])
  assert.equal(list.code, 0, list.stderr)
  const contents = new Set(files.map((name) => readFileSync(join(home.workspace, name), 'utf8')))
  assert.equal(contents.size, 1, 'all of them, or none')
  assert.deepEqual(
    readdirSync(home.home).filter((name) => name.startsWith('.warder-stage')),
    [],
  )
  const asOwner = await owner(t, home)
  await asOwner.entry({ rule: 'workspace.recover', target: home.workspace })
})

function hasBegun(home: House): boolean {
  const [stage] = readdirSync(home.home).filter((name) => name.startsWith('.warder-stage'))
  try {
    return stage !== undefined && readdirSync(join(home.home, stage)).some((name) => name.startsWith('old-'))
  } catch {
    return false
  }
}

test('a journal that others wrote is not obeyed', async (t) => {
  const { home, workspace, transactions } = workspaceExample(t)
  mkdirSync(join(home, 'state/journals'), { mode: 0o700 })
  const path = join(home, 'state/journals/evil.json')
  writeFileSync(path, '{}')
  chmodSync(path, 0o666)
  await assert.rejects(transactions.recover(), (error: { code?: string }) => error.code === 'FILE_UNSAFE')
  assert.deepEqual(readdirSync(workspace), [])
})

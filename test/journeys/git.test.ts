import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

// What a person with a repository does, with the real git.

const home = house({ after })
const token = `ghp_${'x7Kq2mZp9RtLwN4vB8sD1fGhJ6cY3aE5uT0o'.slice(0, 36)}`

interface Git {
  readonly root: string
  /** @returns how it ended, and what it said */
  readonly git: (...args: string[]) => { readonly code: number; readonly said: string }
  readonly write: (path: string, text: string) => void
}

function repository(name: string): Git {
  const root = join(home.home, name)
  mkdirSync(root)
  const env = { ...home.environment, GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.org' }
  const all = { ...env, GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.org' }
  const git: Git['git'] = (...args) => {
    try {
      const said = execFileSync('/usr/bin/git', args, {
        cwd: root,
        env: all,
        encoding: 'utf8',
        stdio: 'pipe',
      })
      return { code: 0, said }
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string }
      return { code: status, said: stdout + stderr }
    }
  }
  git('init', '-q', '-b', 'main')
  return { root, git, write: (path, text) => writeFileSync(join(root, path), text) }
}

test('after warder setup git a commit with a secret in it is refused, says where, and one without it is made', async () => {
  const { root, git, write } = repository('guarded')
  const { code, stderr } = await home.warder(['setup', 'git', root])
  assert.equal(code, 0, stderr)
  write('README', 'hello\n')
  git('add', '-A')
  const clean = git('commit', '-m', 'one')
  assert.equal(clean.code, 0, clean.said)
  assert.ok(git('ls-files').said.includes('.gitignore'))

  write('deploy.sh', `#!/bin/sh\nexport TOKEN=${token}\n`)
  git('add', 'deploy.sh')
  const refused = git('commit', '-m', 'two')
  assert.equal(refused.code, 1, refused.said)
  assert.match(refused.said, /deploy\.sh:2:\d+: high \w+/)
  assert.doesNotMatch(refused.said, new RegExp(token))
  assert.equal(git('rev-list', '--count', 'HEAD').said.trim(), '1')

  // what is committed counts, not what lies in the directory: neither way round
  write('deploy.sh', 'nothing\n')
  assert.equal(git('commit', '-m', 'two').code, 1)
  assert.equal(git('commit', '-am', 'two').code, 0)

  write('known.sh', `TOKEN=${token} # warder:allow-secret until=2099-01-31 of the tests\n`)
  git('add', 'known.sh')
  const allowed = git('commit', '-m', 'three')
  assert.equal(allowed.code, 0, allowed.said)

  write('.env', 'A=1\n')
  assert.match(git('add', '.env').said, /ignored/)
  git('add', '-f', '.env')
  assert.match(git('commit', '-m', 'four').said, /\.env:1:1: medium file-name/)
})

test('what cannot be looked at is not committed', async () => {
  const { root, git, write } = repository('broken')
  assert.equal((await home.warder(['setup', 'git', root])).code, 0)
  const hook = join(root, '.git/hooks/pre-commit')
  const text = readFileSync(hook, 'utf8')
  chmodSync(hook, 0o755)
  writeFileSync(hook, text.replace(/'\/[^']*'/, `'/no/such/warder'`))
  write('a', 'a\n')
  git('add', '-A')
  const { code, said } = git('commit', '-m', 'one')
  assert.equal(code, 1, said)
  assert.match(said, /not committed, because it could not be looked at/)
})

test('every version ever committed is looked at, in every branch, with the commit it came with', async () => {
  const { root, git, write } = repository('old')
  write('a.sh', `TOKEN=${token} # warder:allow-secret until=2099-01-31\n`)
  git('add', '-A')
  git('commit', '-m', 'with it')
  const first = git('rev-parse', '--short', 'HEAD').said.trim()
  git('checkout', '-q', '-b', 'other')
  write('a.sh', 'nothing\n')
  git('commit', '-qam', 'without it')
  git('branch', '-q', '-D', 'main')
  const now = await home.warder(['scan', 'repository', root])
  assert.equal(now.code, 0, now.stdout)
  const ever = await home.warder(['scan', 'repository', '--history', root])
  assert.equal(ever.code, 8, ever.stdout)
  assert.match(ever.stdout, new RegExp(`^${first}:a\\.sh:1:7: high `, 'm'))
  assert.doesNotMatch(ever.stdout, new RegExp(token))
})

test('nothing the repository names is run while it is looked at', async () => {
  const { root, git, write } = repository('hostile')
  const ran = join(home.home, 'ran')
  const program = `touch ${ran}; cat`
  write('a.txt', 'a\n')
  write('.gitattributes', '* filter=x diff=x\n')
  git('add', '-A')
  git('commit', '-m', 'one')
  for (const key of [
    'core.fsmonitor',
    'core.pager',
    'filter.x.clean',
    'filter.x.smudge',
    'diff.x.textconv',
    'diff.external',
  ])
    git('config', key, program)
  write('a.txt', 'b\n')
  for (const more of [[], ['--staged'], ['--history']])
    assert.equal((await home.warder(['scan', 'repository', ...more, root])).code, 0)
  assert.equal(existsSync(ran), false)
  git('status')
  assert.equal(existsSync(ran), true) // so it would have been seen
})

test('it changes nothing the second time, takes back what it wrote, and leaves the hooks of others alone', async () => {
  const { root, git, write } = repository('mine')
  write('.gitignore', 'build/\n')
  const setup = (...more: string[]) => home.warder(['setup', 'git', '--json', ...more, root])
  assert.equal((await setup()).json<{ changed: boolean }>().changed, true)
  const ignore = readFileSync(join(root, '.gitignore'), 'utf8')
  assert.match(ignore, /^build\/\n/)
  assert.equal((await setup()).json<{ changed: boolean }>().changed, false)
  assert.equal(readFileSync(join(root, '.gitignore'), 'utf8'), ignore)
  assert.equal((await setup('--remove')).json<{ changed: boolean }>().changed, true)
  assert.equal(readFileSync(join(root, '.gitignore'), 'utf8'), 'build/\n')
  const hook = join(root, '.git/hooks/pre-commit')
  assert.equal(existsSync(hook), false)
  writeFileSync(hook, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  const taken = await setup()
  assert.equal(taken.code, 5, taken.stderr)
  assert.match(taken.stdout + taken.stderr, /is not Warder's/)
  assert.equal((await setup('--remove')).code, 0)
  assert.equal(readFileSync(hook, 'utf8'), '#!/bin/sh\nexit 0\n')
  rmSync(hook)
  mkdirSync(join(root, 'hooks'))
  git('config', 'core.hooksPath', 'hooks')
  assert.equal((await setup()).code, 0)
  assert.ok(existsSync(join(root, 'hooks/pre-commit')))
})

test('outside a repository it says so', async () => {
  for (const args of [
    ['setup', 'git', home.home],
    ['scan', 'repository', home.home],
  ]) {
    const { code, stderr } = await home.warder(args)
    assert.equal(code, 2, stderr)
    assert.match(stderr, /cannot be read as a repository of git/)
  }
})

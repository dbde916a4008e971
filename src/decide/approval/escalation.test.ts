import assert from 'node:assert/strict'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { escalations, isWithin, SENSITIVE_BELOW_HOME } from './escalation.ts'

// not below /tmp, which is everybody's
const root = realpathSync(mkdtempSync('/var/tmp/we-'))
const home = join(root, 'home')
const workspace = join(home, 'work')
mkdirSync(join(home, '.ssh'), { recursive: true })
mkdirSync(join(home, '.ssh-old'))
mkdirSync(workspace)
writeFileSync(join(home, '.ssh/id'), 'key')
writeFileSync(join(home, '.netrc'), 'login')
symlinkSync('../.ssh', join(workspace, 'docs'))
linkSync(join(home, '.netrc'), join(workspace, 'notes.txt'))
after(() => rmSync(root, { recursive: true }))

function look(...parameters: string[]) {
  const lookup = {
    real: (path: string): string => {
      try {
        return realpathSync(path)
      } catch {
        return path
      }
    },
    linked: (path: string) => {
      const stat = statSync(path, { throwIfNoEntry: false })
      return stat !== undefined && stat.isFile() && stat.nlink > 1 ? `${stat.dev}:${stat.ino}` : undefined
    },
  }
  const sensitive = SENSITIVE_BELOW_HOME.map((place) => join(home, place))
  return escalations(parameters, { home, cwd: workspace, workspace, sensitive, lookup })
}

test('a place of secrets is seen in every spelling: plain, relative, encoded, linked, behind an option', () => {
  for (const parameter of [
    join(home, '.ssh/id'),
    '../.ssh/id',
    './../.ssh/../.ssh/id',
    '~/.ssh/id',
    '$HOME/.ssh/id',
    `file://${home}/.ssh/id`,
    `${home}/%2essh/id`,
    `${home}/%252essh/id`,
    `--identity=${home}/.ssh/id`,
    'docs/id',
    './notes.txt',
    '~/.kube/config',
    '~/.npmrc',
  ]) {
    const [found] = look('-v', parameter)
    assert.equal(found?.why, 'sensitive_directory', parameter)
    assert.equal(found.parameter, parameter)
  }
})

test('a name that only begins alike, a word, an option and the workspace are no escalation', () => {
  assert.deepEqual(
    look('hello', '-rf', 'src/a.ts', './x', '/usr/bin/env', 'https://example.org/.ssh/id', '--color=auto'),
    [],
  )
  const [beside] = look('../.ssh-old/x')
  assert.equal(beside?.why, 'path_out_of_scope')
  assert.ok(!isWithin('/home/me/.ssh-old', '/home/me/.ssh'))
})

test('a path outside of workspace and system is out of scope, however it is written', () => {
  for (const parameter of ['/etc/passwd', '../../x', '--file=/srv/data/x', 'file:///opt/x']) {
    assert.equal(look(parameter)[0]?.why, 'path_out_of_scope', parameter)
  }
})

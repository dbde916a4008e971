import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAtLeast } from '../../../core/risk.ts'
import { rateCommand, type CommandContext } from './index.ts'

const CONTEXT: CommandContext = { home: '/home/dev', cwd: '/home/dev/work', workspace: '/home/dev/work' }

const rulesOf = (text: string, context = CONTEXT) =>
  rateCommand(text, context)
    .reasons.filter(({ risk }) => isAtLeast(risk, 'high'))
    .map(({ rule }) => rule)

function assertSays(rule: string, hits: readonly string[], misses: readonly string[]): void {
  assert.deepEqual(
    hits.filter((text) => !rulesOf(text).includes(rule)),
    [],
    `${rule} is silent about these`,
  )
  assert.deepEqual(
    misses.filter((text) => rulesOf(text).includes(rule)),
    [],
    `${rule} speaks of these`,
  )
}

test('a shell handed to a program nobody knows is there to be started', () => {
  assertSays(
    'exec.hands-shell',
    [
      'nosuch /bin/sh',
      'nosuch sh',
      'nosuch -x sh',
      'nosuch --tool=sh a',
      'nosuch run -- bash',
      'nosuch -a b "sh -c id"',
      'nosuch ";sh"',
    ],
    [
      'nosuch completion bash',
      'nosuch init zsh',
      'nosuch --shell bash x',
      'nosuch --lang=sh x',
      'nosuch push a.sh',
      'echo sh',
      'shellcheck -s bash a',
    ],
  )
})

test('an option that takes a command by its name is rated by that command', () => {
  assertSays(
    'exec.option-command',
    [
      'nosuch --on-done="rm -rf /"',
      'nosuch --post-hook "cat ~/.ssh/id_rsa"',
      'nosuch --pager=/tmp/x',
      'nosuch --editor "bash -i"',
    ],
    ['nosuch --on-done="ls -la"', 'nosuch --command "cat a | wc -l"', 'nosuch --message "rm -rf /"'],
  )
})

test('a native library, and code from where everybody can write, are loaded by nobody unseen', () => {
  assertSays(
    'exec.native-library',
    [
      'nosuch ./x.so',
      'nosuch --plugin=/srv/x.so.1',
      'nm --plugin ./x.so a.o',
      'psql -c "LOAD \'/srv/x.so\'"',
    ],
    [
      'ldd ./x.so',
      'cp x.so y.so',
      'gcc -shared -o libx.so x.c',
      'nosuch --module /usr/lib/a/b.so',
      'nm -D x.so',
    ],
  )
  assertSays(
    'exec.temporary-code',
    ['nosuch --script /tmp/x', 'nosuch --init-file=/dev/shm/x'],
    ['nosuch --script ./x', 'nosuch --log /tmp/x'],
  )
})

test('a program text in a language nobody knows is looked into all the same', () => {
  assertSays(
    'code.unknown-language',
    [`nosuch -e 'system("sh -i")'`, `nosuch <<< 'os.execute("./x")'`, `nosuch run 'Sys.command "sh"'`],
    [`nosuch -e 'print("system")'`, `nosuch -m 'the system is new'`, `nosuch -e 'system("ls")'`],
  )
})

test('an escape is seen after the program, in its input and in a here-document', () => {
  assertSays(
    'exec.escape',
    [
      'man ls\n!sh',
      'vi\n:sh',
      'vim\n:terminal',
      'mysql\n\\! /bin/sh',
      'psql\n\\!',
      'mail a\n~!sh',
      'isql x\n!!sh',
      'emacs\nM-x shell',
      'sqlite3\n.shell sh',
      "printf '!/bin/sh\\n' | nosuch",
      'nosuch <<X\n:!sh\nX',
      "nosuch <<< '~! sh'",
    ],
    ["echo '!sh' | grep x", "printf '!x\\n' | cat", '!!', '!ssh', 'ls !x', "git commit -m '!sh'"],
  )
})

test('the environment of one program may start a shell or load code', () => {
  const hits: readonly (readonly [string, string])[] = [
    ['env.hands-shell', 'NOSUCH=/bin/sh x'],
    ['env.hands-shell', "A_B='sh -c ./x' x"],
    ['env.names-program', 'GH_BROWSER=./x gh browse'],
    ['env.editor-start', "VIMINIT=':!sh' vim a"],
    ['env.java-options', 'MAVEN_OPTS=-javaagent:x.jar mvn test'],
  ]
  for (const [rule, text] of hits) assert.ok(rulesOf(text).includes(rule), `${rule}: ${text}`)
  for (const text of [
    'SHELL=/bin/bash x',
    'MAVEN_OPTS=-Xmx1g mvn test',
    'GIT_EDITOR=vim git commit',
    'A=sh x',
  ])
    assert.deepEqual(rulesOf(text), [], text)
})

test('an environment that is handed over beside the command is rated with it, and its values are not said', () => {
  const environment = { LD_PRELOAD: '/srv/secret-place/x.so', TERM: 'xterm', HTTP_PROXY: 'http://p' }
  const { risk, reasons } = rateCommand(['ls', '-la'], { ...CONTEXT, environment })
  assert.equal(risk, 'high')
  assert.deepEqual(
    reasons.map(({ rule }) => rule),
    ['env.library'],
  )
  assert.doesNotMatch(JSON.stringify(reasons), /secret-place/)
  assert.equal(rateCommand(['ls'], { ...CONTEXT, environment: { TERM: 'xterm', LANG: 'C' } }).risk, 'low')
})

test('a wrapper is taken off by the grammar of its own options', () => {
  const grave = [
    'bwrap --bind / / --dev /dev rm -rf /',
    'chpst -u bob rm -rf /',
    'parallel rm -rf ::: /',
    'srun -n 2 rm -rf /',
    'schroot -c x -- rm -rf /',
    'borg with-lock repo rm -rf /',
    'rbenv exec rm -rf /',
    'fakechroot rm -rf /',
  ]
  for (const text of grave) assert.equal(rateCommand(text, CONTEXT).risk, 'critical', text)
  for (const text of ['trickle -s sh', 'bwrap --bind / / sh'])
    assert.ok(isAtLeast(rateCommand(text, CONTEXT).risk, 'high'), text)
})

test('what is written to a nameless file and run is rated by what was written', () => {
  assert.equal(rateCommand('f=$(mktemp); echo "rm -rf /" > $f; chmod +x $f; $f', CONTEXT).risk, 'critical')
  assert.equal(rateCommand('f=$(mktemp); echo "ls" > $f; sh $f', CONTEXT).risk, 'medium')
})

test('code that only moves files is no worse than moving them', () => {
  assert.equal(rateCommand('awk \'{system("mkdir x")}\' f', CONTEXT).risk, 'medium')
  assert.equal(rateCommand('awk \'{system("./x")}\' f', CONTEXT).risk, 'high')
})

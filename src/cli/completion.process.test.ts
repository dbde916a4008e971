import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadAll } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { completionScript, SHELLS } from './completion.ts'

function isThere(shell: string): boolean {
  return spawnSync(shell, ['-c', ':']).status === 0
}

for (const shell of SHELLS) {
  test(`the ${shell} script is one ${shell} can read`, async (t: TestContext) => {
    if (!isThere(shell)) return t.skip(`${shell} is not installed here`)
    const { status, stderr } = spawnSync(shell, ['-n', await scriptFile(t, shell)], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.equal(stderr, '')
  })
}

/** Some shells read a script from a terminal or a file alone. */
async function scriptFile(t: TestContext, shell: (typeof SHELLS)[number]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'warder-completion-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, `warder.${shell}`)
  writeFileSync(file, completionScript(shell, await loadAll(COMMANDS)))
  return file
}

/** What bash offers when TAB is pressed behind `line`. */
async function offered(line: string): Promise<string[]> {
  const script = completionScript('bash', await loadAll(COMMANDS))
  const words = line.split(' ')
  const press = `
    warder() { [[ "$*" == "__complete agent" ]] && printf '%s\\n' builder 'bad$(touch /tmp/no)' tester; }
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _warder; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${script}\n${press}`], {
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  return stdout.split('\n').filter((word) => word !== '')
}

test('zsh completes commands, verbs, options and values at a terminal', async (t) => {
  if (!isThere('zsh')) return t.skip('zsh is not installed here')
  const folder = dirname(await scriptFile(t, 'zsh'))
  renameSync(join(folder, 'warder.zsh'), join(folder, '_warder'))
  const lines = [
    ['warder conf', 'config '],
    ['warder config e', 'explain '],
    ['warder config show --ch', '--changed '],
    ['warder config explain audit.w', 'audit.witness '],
  ].flat()
  // a shell with a terminal of its own, in which TAB is pressed; a missing answer ends with the time of the test
  const press = `
    zmodload zsh/zpty
    folder=$1; shift
    zpty shell zsh -f -i
    zpty -w shell "PS1= TERM=dumb; fpath=($folder \\$fpath); autoload -Uz compinit; compinit -u -D; print rea''dy"
    zpty -r -m shell said '*ready*'
    while (( $# )); do
      zpty -w -n shell "$1"$'\t'
      zpty -r -m shell said "*$2*" || exit 1
      zpty -w -n shell $'\x15'
      shift 2
    done`
  const { status, signal, stderr } = spawnSync('zsh', ['-f', '-c', press, 'zsh', folder, ...lines], {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, HOME: folder },
  })
  assert.equal(status, 0, `${signal} ${stderr}`)
})

test('fish is offered commands, verbs and options', async (t) => {
  if (!isThere('fish')) return t.skip('fish is not installed here')
  const file = await scriptFile(t, 'fish')
  for (const [line, first] of [
    ['warder conf', 'config'],
    ['warder config e', 'explain'],
    ['warder config show --ch', '--changed'],
  ] as const) {
    const ask = 'source $argv[1]; complete -C $argv[2]'
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', ask, file, line], { encoding: 'utf8' })
    assert.equal(stdout.split(/[\t\n]/, 1)[0], first, `${line}: ${stdout}${stderr}`)
  }
})

test('bash is offered commands, verbs, options and values', async (t) => {
  if (!isThere('bash')) return t.skip('bash is not installed here')
  assert.deepEqual(await offered('warder conf'), ['config'])
  assert.deepEqual(await offered('warder config e'), ['explain'])
  assert.deepEqual(await offered('warder config explain audit.w'), ['audit.witness'])
  assert.deepEqual(await offered('warder --json config explain audit.w'), ['audit.witness'])
  assert.deepEqual(await offered('warder config show --ch'), ['--changed'])
  assert.deepEqual(await offered('warder help exit'), ['exit-codes'])
  assert.deepEqual(await offered('warder completion z'), ['zsh'])
  assert.deepEqual(await offered('warder nonsense --he'), ['--help'])
})

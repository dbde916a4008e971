import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
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
    const script = completionScript(shell, await loadAll(COMMANDS))
    const { status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
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

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { STARTER_POLICY } from '../../src/decide/policy/index.ts'
import { fakeHarness } from '../kit/hooks.ts'
import { house, until } from '../kit/house.ts'

const home = house({ after })
const config = join(home.home, '.config/warder')
mkdirSync(config, { recursive: true, mode: 0o700 })
const ASKS = `rules:
  - id: careful
    agents: ["*"]
    effect: ask
    capabilities: ["process:spawn:/**"]
    reason: somebody should look
`
writeFileSync(join(config, 'policy.yaml'), STARTER_POLICY.replace('rules:\n', ASKS), { mode: 0o600 })
const NATIVE = new URL('../../dist/native/hook', import.meta.url).pathname
const command = `${NATIVE} ${join(home.runtime, 'warder/warder.sock')} ${join(home.home, '.local/share/warder/keys/socket.secret')}`

interface Waiting {
  readonly questions: readonly { readonly id: string; readonly state: string }[]
}

async function answer(...say: string[]): Promise<string> {
  const found: { id?: string | undefined; text?: string } = {}
  await until(
    async () => {
      const listed = await home.command(['approval', 'list', '--json'])
      found.text = listed.stdout
      found.id = listed.json<Waiting>().questions.find(({ state }) => state === 'pending')?.id
      return found.id !== undefined
    },
    'a question',
    60_000,
  )
  const answered = await home.command(['approval', 'answer', found.id ?? '', ...say])
  assert.equal(answered.code, 0, answered.stderr)
  return found.text ?? ''
}

test('a person answers what a hook asks: shown exactly, for that command alone, with words when it is a no', async () => {
  await home.command(['hook', 'list'], { env: { WARDER_APPROVAL_WAIT: 'true' } })
  const harness = fakeHarness(home, command, 'asked-1')
  await harness.prove()
  const first = harness.before('Bash', { command: 'sort a.txt' })
  const shown = await answer('session')
  assert.match(shown, /sort/)
  assert.equal((await first).code, 0)
  assert.equal(
    (await harness.before('Bash', { command: 'sort a.txt' })).code,
    0,
    'the same is not asked again',
  )
  const other = harness.before('Bash', { command: 'sort b.txt' })
  await answer('deny', '--note', 'use the other file')
  const said = await other
  assert.equal(said.code, 2, 'another command is another question')
  assert.match(said.stderr, /use the other file/)
})

test('a yes for a script ends when the script is another one', async () => {
  const harness = fakeHarness(home, command, 'asked-2')
  await harness.prove()
  const script = join(home.workspace, 'step.sh')
  const again = () => harness.before('Bash', { command: 'sh step.sh' })
  writeFileSync(script, 'sort a.txt\n')
  const first = again()
  await answer('session')
  assert.equal((await first).code, 0)
  assert.equal((await again()).code, 0, 'the same script is not asked again')
  writeFileSync(script, 'sort b.txt\n')
  const changed = again()
  await answer('deny')
  assert.equal((await changed).code, 2, 'a changed script is another question')
})

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { house, type House, type Result } from '../kit/house.ts'

function write(directory: string, text: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, 'config.yaml')
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

const userFile = (home: House, text: string) => write(join(home.home, '.config/warder'), text)
const projectFile = (home: House, text: string) => write(join(home.workspace, '.warder'), text)

interface Explained {
  readonly value: string
  readonly layer: string
  readonly where: string
  readonly layers: readonly { readonly layer: string; readonly value: string }[]
}

function errorOf({ json }: Result): { code: string; what: string; where?: string; fix: string } {
  return json<{ error: { code: string; what: string; where?: string; fix: string } }>().error
}

test('a flag beats the environment, that the project, that the user, that the default', async (t) => {
  const home = house(t)
  const explained = async (words: string[] = [], env: Record<string, string> = {}) => {
    const asked = await home.command(['config', 'explain', 'log.level', '--json', ...words], { env })
    assert.equal(asked.code, 0, asked.stderr + asked.stdout)
    return asked.json<Explained>()
  }
  assert.deepEqual([(await explained()).layer, (await explained()).value], ['default', 'info'])
  const user = userFile(home, 'log:\n  level: warn\n')
  const byUser = await explained()
  assert.deepEqual([byUser.layer, byUser.value, byUser.where], ['user', 'warn', `${user}:2:10`])
  projectFile(home, 'log.level: error\n')
  assert.deepEqual([(await explained()).layer, (await explained()).value], ['project', 'error'])
  const env = { WARDER_LOG_LEVEL: 'debug' }
  assert.equal((await explained([], env)).layer, 'environment')
  const whole = await explained(['--set', 'log.level=info'], env)
  assert.deepEqual(
    whole.layers.map(({ layer, value }) => `${layer}=${value}`),
    ['flag=info', 'environment=debug', 'project=error', 'user=warn', 'default=info'],
  )
})

test('config show lists every setting and where it comes from', async (t) => {
  const home = house(t)
  userFile(home, 'grant.default_duration: 5m\n')
  const all = (await home.command(['config', 'show', '--json'])).json<Explained[]>()
  assert.ok(all.length > 15)
  const changed = (await home.command(['config', 'show', '--changed', '--json'])).json<{ key: string }[]>()
  assert.deepEqual(
    changed.map(({ key }) => key),
    ['grant.default_duration', 'workspace.mode'], // the second by the environment of these tests
  )
})

test('an unknown key or a bad value is refused with its line and column, and nothing starts', async (t) => {
  const home = house(t)
  const cases: readonly (readonly [string, string, string])[] = [
    ['log:\n  level: info\n  levle: info\n', 'CONFIG_UNKNOWN_KEY', ':3:'],
    ['audit:\n  segment_size: huge\n', 'CONFIG_BAD_VALUE', ':2:'],
    ['log.level: info\nlog:\n  level: warn\n', 'CONFIG_UNREADABLE', ':3:'],
  ]
  for (const [text, code, place] of cases) {
    const file = userFile(home, text)
    for (const command of [['status'], ['exec', '--', 'true']])
      assert.equal((await home.warder(command)).code, 2, command.join(' '))
    const checked = await home.warder(['config', 'check', '--json'])
    const error = errorOf(checked)
    assert.equal(error.code, code, text)
    assert.ok(error.where?.startsWith(`${file}${place}`), error.where)
    assert.ok(error.fix.length > 0)
  }
  assert.equal(home.daemonPid(), undefined)
})

test('an unknown variable that begins like ours is refused, and named', async (t) => {
  const home = house(t)
  const refused = await home.warder(['config', 'check', '--json'], { env: { WARDER_LOG_LEVLE: 'info' } })
  assert.equal(refused.code, 2)
  assert.equal(errorOf(refused).code, 'CONFIG_UNKNOWN_KEY')
  assert.match(JSON.stringify(errorOf(refused)), /WARDER_LOG_LEVLE[\s\S]*WARDER_LOG_LEVEL|log\.level/)
})

test('a file in the project, which an agent may write, cannot loosen anything', async (t) => {
  const home = house(t)
  for (const text of [
    'policy.file: ./mine.yaml\n',
    'paths.keys: ./keys\n',
    'profile: dev\n',
    'audit.directory: /tmp/elsewhere\n',
    'permit.lifetime: 24h\n',
  ]) {
    projectFile(home, text)
    const refused = await home.warder(['config', 'check', '--json'])
    assert.equal(refused.code, 3, text)
    assert.equal(errorOf(refused).code, 'CONFIG_NOT_ALLOWED', text)
    assert.match(errorOf(refused).where ?? '', /\.warder\/config\.yaml:1:/)
  }
})

test('profile dev says so on stderr with every command, and prod says nothing', async (t) => {
  const home = house(t)
  const dev = await home.command(['config', 'check', '--json'], { env: { WARDER_PROFILE: 'dev' } })
  assert.equal(dev.code, 0)
  assert.match(dev.stderr, /dev/)
  assert.equal(dev.json()['ok'], true, 'stdout holds the result alone')
  const prod = await home.command(['config', 'check', '--json'])
  assert.equal(prod.stderr, '')
})

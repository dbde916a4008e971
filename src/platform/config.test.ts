import assert from 'node:assert/strict'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { KnownError } from '../core/error.ts'
import { readSettingArguments, settingArguments } from './config-arguments.ts'
import { explain, loadConfig, profileBanner, type Config, type ConfigInput } from './config.ts'
import { PROFILES } from './setting.ts'
import { environmentName, SETTING_KEYS, SETTINGS, shown } from './settings.ts'

interface Files {
  readonly project?: string
  readonly user?: string
  readonly system?: string
}

/** A machine with these files; loads a configuration there. */
function machine(t: TestContext, files: Files = {}): (more?: Partial<ConfigInput>) => Promise<Config> {
  const root = mkdtempSync(join(tmpdir(), 'warder-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const places = {
    project: join(root, 'work/.warder/config.yaml'),
    user: join(root, 'home/.config/warder/config.yaml'),
    system: join(root, 'etc/config.yaml'),
  }
  for (const [name, path] of Object.entries(places)) {
    const text = files[name as keyof Files]
    mkdirSync(dirname(path), { recursive: true })
    if (text !== undefined) writeFileSync(path, text)
  }
  return (more = {}) =>
    loadConfig({
      env: {},
      flags: {},
      cwd: join(root, 'work'),
      home: join(root, 'home'),
      platform: 'linux',
      systemFile: places.system,
      ...more,
    })
}

function refused(code: string, where?: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof KnownError, String(error))
    assert.equal(error.code, code)
    if (where !== undefined) assert.match(error.where ?? '', where)
    return true
  }
}

test('nothing set means every default, and profile prod', async (t) => {
  const { values, layers } = await machine(t)()
  assert.equal(values.profile, 'prod')
  assert.equal(values['permit.lifetime'], 30_000)
  assert.equal(values['audit.segment_size'], 256 * 1024 * 1024)
  assert.deepEqual(values['audit.archive_recipients'], [])
  assert.equal(values['audit.witness'], undefined)
  assert.ok(SETTING_KEYS.every((key) => layers[key][0]?.layer === 'default'))
})

test('a flag beats the environment, that the project, that the user, that the system', async (t) => {
  const file = (level: string): string => `log:\n  level: ${level}\n`
  const load = machine(t, { project: file('error'), user: file('warn'), system: file('info') })
  const env = { WARDER_LOG_LEVEL: 'warn' }
  const all = await load({ flags: { 'log.level': 'debug' }, env })
  assert.equal(all.values['log.level'], 'debug')
  assert.deepEqual(
    all.layers['log.level'].map(({ layer, value }) => [layer, value]),
    [
      ['flag', 'debug'],
      ['environment', 'warn'],
      ['project', 'error'],
      ['user', 'warn'],
      ['system', 'info'],
      ['default', 'info'],
    ],
  )
  assert.equal((await load({ env })).values['log.level'], 'warn')
  assert.equal((await load()).values['log.level'], 'error')
})

test('explain tells the winner, its place and everybody it overruled', async (t) => {
  const load = machine(t, { user: 'permit:\n  lifetime: 20s\n' })
  const found = explain(await load({ env: { WARDER_PERMIT_LIFETIME: '10s' } }), 'permit.lifetime')
  assert.deepEqual([found.value, found.layer, found.where], ['10s', 'environment', 'WARDER_PERMIT_LIFETIME'])
  assert.match(found.layers[1]?.where ?? '', /config\.yaml:2:13$/)
  assert.throws(() => explain({} as Config, 'permit.lifetme'), /not a setting/)
})

test('a project file may set what is marked, and nothing else', async (t) => {
  for (const key of SETTING_KEYS) {
    const value = {
      path: '/x',
      duration: '1s',
      size: '1MiB',
      boolean: '1',
      integer: '5',
      list: 'a',
      string: 'x',
    }
    const setting = SETTINGS[key]
    const text = setting.type === 'choice' ? String(setting.fallback(CONTEXT)) : value[setting.type]
    const load = machine(t, { project: `${key}: "${text}"\n` })
    if (setting.project) assert.equal((await load()).layers[key][0]?.layer, 'project')
    else await assert.rejects(load(), refused('CONFIG_NOT_ALLOWED', /\.warder\/config\.yaml:1:\d+$/), key)
  }
})

const CONTEXT = { profile: 'prod', paths: {} as never, path: () => '/x' } as const

test('a project file cannot choose the profile or move the policy', async (t) => {
  for (const text of ['profile: dev\n', 'policy:\n  file: ./mine.yaml\n', 'paths.socket: /tmp/x\n']) {
    await assert.rejects(machine(t, { project: text })(), refused('CONFIG_NOT_ALLOWED'))
  }
})

test('an unknown key is refused wherever it stands, with a guess', async (t) => {
  await assert.rejects(machine(t, { user: 'audit:\n  witnes: /x\n' })(), (error) => {
    refused('CONFIG_UNKNOWN_KEY', /config\.yaml:2:11$/)(error)
    assert.match((error as KnownError).fix, /audit\.witness/)
    return true
  })
  const load = machine(t)
  await assert.rejects(load({ env: { WARDER_AUDIT_WITNES: 'x' } }), refused('CONFIG_UNKNOWN_KEY'))
  await assert.rejects(load({ env: { WARDER_: 'x' } }), refused('CONFIG_UNKNOWN_KEY'))
  await assert.rejects(load({ flags: { toString: 'x' } }), refused('CONFIG_UNKNOWN_KEY'))
  await assert.rejects(machine(t, { system: '__proto__: x\n' })(), refused('CONFIG_UNKNOWN_KEY'))
})

test('a bad value is refused also where another layer overrules it', async (t) => {
  const load = machine(t, { system: 'permit.lifetime: 30\n' })
  await assert.rejects(
    load({ flags: { 'permit.lifetime': '5s' } }),
    refused('CONFIG_BAD_VALUE', /etc\/config\.yaml:1:18$/),
  )
})

test('values are read strictly', async (t) => {
  const load = machine(t)
  const bad: Record<string, readonly string[]> = {
    WARDER_SYSTEM: ['yes', 'TRUE', '2', '', ' 1'],
    WARDER_PERMIT_LIFETIME: ['30', '1.5s', '-1s', ' 1s', '1 s', ''],
    WARDER_AUDIT_SEGMENT_SIZE: ['1', '1K', '1kb', '1e3B'],
    WARDER_AUDIT_CHECKPOINT_EVERY: ['0', '1.5', '1e3', '-1', '0x10', '9999999999'],
    WARDER_PROFILE: ['Prod', 'production', 'constructor', ''],
    WARDER_PATHS_STATE: ['', '~/x', '/a\nb'],
    WARDER_AUDIT_ARCHIVE_RECIPIENTS: ['', 'a,,b'],
  }
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      await assert.rejects(
        load({ env: { [name]: value } }),
        refused('CONFIG_BAD_VALUE', new RegExp(name)),
        value,
      )
    }
  }
  for (const value of ['1', 'true'])
    assert.equal((await load({ env: { WARDER_SYSTEM: value } })).values.system, true)
  for (const value of ['0', 'false'])
    assert.equal((await load({ env: { WARDER_SYSTEM: value } })).values.system, false)
})

test('a file that is not plain keys and values is refused with its place', async (t) => {
  const bad: Record<string, RegExp> = {
    'log.level: info\nlog.level: warn\n': /:2:1$/,
    'log:\n  level: info\nlog.level: warn\n': /:3:12$/,
    'log: [\n': /:\d+:\d+$/,
    '- log.level\n': /:1:1$/,
    'just text\n': /:1:1$/,
    'log:\n  level: *x\n': /:2:10$/,
    'log: &a\n  level: *a\n': /:2:10$/,
    'log.level: !!js/function x\n': /:1:\d+$/,
    'log.level: !mine x\n': /:1:\d+$/,
    '? [a, b]\n: c\n': /:1:\d+$/,
    'a: {b: {c: {d: {e: {f: 1}}}}}\n': /:1:\d+$/,
    'audit.archive_recipients: [[a]]\n': /:1:\d+$/,
    'audit.archive_recipients: ["a,b"]\n': /:1:\d+$/,
    'log.level: info\n---\nlog.level: warn\n': /:\d+:\d+$/,
    '<<: {log.level: info}\n': /:1:\d+$/,
  }
  for (const [text, where] of Object.entries(bad)) {
    await assert.rejects(machine(t, { user: text })(), (error) => {
      assert.ok(error instanceof KnownError, `${text}: ${String(error)}`)
      assert.match(error.code, /^CONFIG_/)
      assert.match(error.where ?? '', where, text)
      return true
    })
  }
})

test('a file that is no text, or no file, is refused', async (t) => {
  const load = machine(t, { user: '\u0000' })
  await assert.rejects(load(), KnownError)
  const other = machine(t)
  await assert.rejects(other({ systemFile: '/' }), refused('FILE_UNREADABLE'))
})

test('an empty file, or one of comments, sets nothing', async (t) => {
  for (const text of ['', '# nothing\n', '---\n']) {
    assert.equal((await machine(t, { user: text })()).layers['log.level'][0]?.layer, 'default')
  }
})

test('a list may be written as one, and texts stay texts', async (t) => {
  const load = machine(t, {
    user: 'audit:\n  archive_recipients: [age1x, age1y]\n  checkpoint_every: 0010\n',
  })
  const { values } = await load()
  assert.deepEqual(values['audit.archive_recipients'], ['age1x', 'age1y'])
  assert.equal(values['audit.checkpoint_every'], 10)
})

test('paths follow each other: what is moved takes along what lies in it', async (t) => {
  const { values } = await machine(t)({ flags: { 'paths.runtime': '/r', 'paths.state': '/s' } })
  assert.equal(values['paths.socket'], '/r/warder.sock')
  assert.equal(values['audit.directory'], '/s/audit')
})

test('a relative path is relative to where it was written', async (t) => {
  const load = machine(t, { user: 'audit.witness: ../witness\n' })
  const { values } = await load({ flags: { 'policy.file': 'p.yaml' } })
  assert.match(values['audit.witness'] ?? '', /home\/\.config\/witness$/)
  assert.match(values['policy.file'], /work\/p\.yaml$/)
})

test('a file cannot say where the files are', async (t) => {
  await assert.rejects(machine(t, { user: 'system: true\n' })(), refused('CONFIG_NOT_ALLOWED', /:1:9$/))
  await assert.rejects(machine(t, { system: 'paths.config: /x\n' })(), refused('CONFIG_NOT_ALLOWED'))
})

test('every profile has its banner but prod, and its log level', async (t) => {
  const load = machine(t)
  for (const profile of PROFILES) {
    const config = await load({ env: { WARDER_PROFILE: profile } })
    assert.equal(config.values.profile, profile)
    assert.equal(config.values['log.level'], profile === 'dev' ? 'debug' : 'info')
    const banner = profileBanner(config)
    if (profile === 'prod') assert.equal(banner, undefined)
    else assert.match(banner ?? '', new RegExp(`profile ${profile}.*WARDER_PROFILE`))
  }
})

test('the configuration is frozen', async (t) => {
  const config = await machine(t)()
  for (const part of [config, config.values, config.layers, config.layers.profile, config.environment]) {
    assert.ok(Object.isFrozen(part))
  }
})

test('a secret is shown as stars, whatever its length', () => {
  assert.equal(shown({ secret: true }, 'x'), shown({ secret: true }, 'a long one'))
  assert.ok(!shown({ secret: true }, 'x').includes('x'))
  assert.equal(shown({ secret: false }, 'x'), 'x')
})

test('every setting says what it is, and its own default is a value it takes', () => {
  const names = new Set<string>()
  for (const key of SETTING_KEYS) {
    const { about, defaultText, type } = SETTINGS[key]
    assert.match(key, /^[a-z]+(\.[a-z_]+)?$/)
    assert.ok(about.length > 10 && !about.endsWith('.'), key)
    names.add(environmentName(key))
    if (type === 'duration' || type === 'size' || type === 'integer') {
      assert.equal(SETTINGS[key].parse(defaultText, '/'), SETTINGS[key].fallback(CONTEXT), key)
    }
  }
  assert.equal(names.size, SETTING_KEYS.length)
})

test('settings survive being handed to another program as arguments', async (t) => {
  const load = machine(t, { user: 'log.level: warn\n' })
  const first = await load({ flags: { 'policy.file': 'p.yaml' }, env: { WARDER_PERMIT_LIFETIME: '5s' } })
  const words = settingArguments(first)
  assert.equal(words.length, 2, 'only what flags and environment set')
  const second = await load({ flags: readSettingArguments(words), cwd: '/' })
  assert.deepEqual(second.values, first.values)
  for (const wrong of [['--set'], ['--set', 'log.level=info'], ['--set=x'], ['x=y'], [...words, ...words]]) {
    assert.throws(() => readSettingArguments(wrong), refused('CONFIG_UNKNOWN_KEY'))
  }
})

test('nothing in the sources reads the process’s environment but the configuration', () => {
  const root = new URL('..', import.meta.url).pathname
  const files = globSync('**/*.ts', { cwd: root }).filter(
    (file) => !/\.(?:test|contract|example|test-kit)\.ts$/.test(file),
  )
  assert.ok(files.length > 20)
  const pattern = new RegExp(['process', 'env'].join('\\s*\\.\\s*'))
  const readers = files.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')))
  assert.deepEqual(readers, ['platform/config.ts'])
})

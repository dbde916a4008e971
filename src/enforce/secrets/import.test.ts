import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isSecretVariable } from '../../core/secret-variable.ts'
import { consumeBootFile, openBootFile, sealBootFile } from './boot.ts'
import { readDotEnv, secretNameOf, secretsOf } from './dotenv.ts'
import { fernetKey, openFernet, readFernetFile } from './fernet.ts'
import { directory, QUICK, secret, textOf } from './secrets.test-kit.ts'

// the vector of the Fernet specification (github.com/fernet/spec, generate.json)
const TOKEN =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='
const KEY = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='

test('the Fernet token of the specification opens to its text', () => {
  const plain = openFernet(TOKEN, fernetKey(KEY))
  assert.equal(Buffer.from(plain ?? []).toString(), 'hello')
})

test('a Fernet token that is altered, cut, or of another key opens to nothing', () => {
  const key = fernetKey(KEY)
  const bytes = Buffer.from(TOKEN, 'base64url')
  for (let at = 0; at < bytes.length; at += 1) {
    const bad = Buffer.from(bytes)
    bad[at] = (bad[at] ?? 0) ^ 1
    assert.equal(openFernet(bad.toString('base64url'), key), undefined, `byte ${at}`)
    assert.equal(openFernet(bytes.subarray(0, at).toString('base64url'), key), undefined, `cut at ${at}`)
  }
  assert.equal(openFernet(TOKEN, new Uint8Array(32)), undefined)
  assert.equal(openFernet(`${TOKEN}!`, key), undefined)
  // signed rightly, padded wrongly: the specification's invalid padding
  const body = Buffer.concat([bytes.subarray(0, 25), Buffer.alloc(16, 7)])
  const mac = createHmac('sha256', key.subarray(0, 16)).update(body).digest()
  assert.equal(openFernet(Buffer.concat([body, mac]).toString('base64url'), key), undefined)
})

test('a file of sealed keys is read whole or not at all', () => {
  const file = { __encrypted__: true, __updated_at: 5, OPENAI_API_KEY: { cipher: TOKEN } }
  const [found] = readFernetFile(JSON.stringify(file), fernetKey(`${KEY}\n`))
  assert.ok(found)
  assert.deepEqual([found.name, textOf(found.value)], ['OPENAI_API_KEY', 'hello'])
  for (const bad of [
    { ...file, OTHER: { cipher: TOKEN.replace('gAAAAAAd', 'gAAAAAAe') } },
    { ...file, OTHER: 'plain' },
    { OPENAI_API_KEY: { cipher: TOKEN } },
    { ...file, __encrypted__: false },
  ])
    assert.throws(() => readFernetFile(JSON.stringify(bad), fernetKey(KEY)), { code: 'IMPORT_INVALID' })
  assert.throws(() => readFernetFile('{', fernetKey(KEY)), { code: 'IMPORT_INVALID' })
  for (const key of ['', 'short', KEY.slice(2), `${KEY}${KEY}`])
    assert.throws(() => fernetKey(key), { code: 'IMPORT_INVALID' })
})

test('a .env file is read as it is written: quotes, comments, export, nothing expanded', () => {
  const text = [
    '\uFEFF# comment',
    'OPENAI_API_KEY=sk-1 # not part of it',
    "export DB_PASSWORD='a b#c$HOME'",
    'GH_TOKEN="x=y"',
    '',
    'DEBUG=1',
    'EMPTY_TOKEN=',
  ].join('\r\n')
  const variables = readDotEnv(text)
  assert.deepEqual(
    secretsOf(variables, false).map(({ name, value }) => [name, textOf(value)]),
    [
      ['OPENAI_API_KEY', 'sk-1'],
      ['DB_PASSWORD', 'a b#c$HOME'],
      ['GH_TOKEN', 'x=y'],
    ],
  )
  assert.equal(secretsOf(variables, true).length, 4)
  for (const bad of ['no equals PLANTED', 'A="PLANTED', "A='x' PLANTED", '1A=PLANTED']) {
    const error = (() => {
      try {
        return (readDotEnv(`OK=1\n${bad}`), undefined)
      } catch (thrown) {
        return thrown as Error & { code: string }
      }
    })()
    assert.equal(error?.code, 'IMPORT_INVALID', bad)
    assert.match(error.message, /line 2/)
    assert.doesNotMatch(error.message, /PLANTED/)
  }
})

test('variables that hold secrets are known by their names, and become names of secrets', () => {
  for (const name of [
    'OPENAI_API_KEY',
    'DB_PASSWORD',
    'MY_TOKEN',
    'APP_SECRET',
    'X_ACCESS_KEY',
    'SSH_PRIVATE_KEY',
    'token',
  ])
    assert.ok(isSecretVariable(name), name)
  for (const name of [
    'PATH',
    'HOME',
    'TOKENIZERS_PARALLELISM',
    'KEYBOARD',
    'SECRETARY',
    'WARDER_PATHS_KEYS',
    'MONKEY',
    'PASSWORD_STORE_DIR',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
  ])
    assert.ok(!isSecretVariable(name), name)
  assert.equal(secretNameOf('OPENAI_API_KEY'), 'openai-api-key')
  assert.equal(secretNameOf('__X__'), 'x')
})

test('a boot file opens with its key; altered, cut, or with another key it opens nothing', () => {
  const root = directory()
  const options = {
    file: join(root, 'boot'),
    keyFile: join(root, 'boot.key'),
    afterLoad: 'keep-sealed' as const,
  }
  assert.equal(openBootFile(options), undefined)
  const text = sealBootFile(
    [{ name: 'api-key', value: secret('clear-value') }],
    Buffer.from('the key'),
    QUICK,
  )
  assert.ok(!text.includes('clear-value') && !text.includes(Buffer.from('clear-value').toString('base64')))
  const put = (boot: string, key = 'the key\n') => {
    writeFileSync(options.file, boot, { mode: 0o600 })
    writeFileSync(options.keyFile, key, { mode: 0o600 })
  }
  put(text)
  assert.deepEqual(
    openBootFile(options)?.map(({ name, value }) => [name, textOf(value)]),
    [['api-key', 'clear-value']],
  )
  const { box } = JSON.parse(text) as { box: string }
  const tries: [string, string?][] = [
    [text, 'another key'],
    [text.replace(box, box.replace(/^(.{30})./, '$1A').replace(/^(.{31})./, '$1B'))],
    [text.slice(0, 100)],
    [text.replace('"passes":1', '"passes":2')],
    ['{}'],
    [''],
  ]
  for (const [boot, key] of tries) {
    put(boot, key)
    assert.throws(() => openBootFile(options), { code: 'BOOT_FILE_INVALID' })
  }
})

test('consumed, the key is destroyed first, then the file; interrupted in between the rest is done again', () => {
  const root = directory()
  const options = { file: join(root, 'boot'), keyFile: join(root, 'boot.key'), afterLoad: 'consume' as const }
  writeFileSync(options.file, sealBootFile([{ name: 'a', value: secret('v') }], Buffer.from('k'), QUICK), {
    mode: 0o600,
  })
  const sealed = readFileSync(options.file)
  consumeBootFile(options)
  assert.ok(!existsSync(options.file) && !existsSync(options.keyFile))
  assert.equal(openBootFile(options), undefined)
  // a file that cannot be removed: its key is gone all the same
  writeFileSync(options.keyFile, 'k', { mode: 0o600 })
  mkdirSync(options.file)
  assert.throws(() => consumeBootFile(options))
  assert.ok(!existsSync(options.keyFile))
  rmdirSync(options.file)
  // the crash in between: the key is gone, the file is there and worth nothing
  writeFileSync(options.file, sealed, { mode: 0o600 })
  assert.throws(() => openBootFile(options), { code: 'BOOT_FILE_INVALID' })
  consumeBootFile(options)
  assert.ok(!existsSync(options.file))
})

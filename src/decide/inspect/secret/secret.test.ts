import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diceOf, HOSTILE, letters } from './fixture.test-kit.ts'
import { createSecretScanner, SECRET_FAMILIES } from './index.ts'

const KEY = Buffer.alloc(32, 7)
const scanner = createSecretScanner({ key: KEY })
const eager = createSecretScanner({ key: KEY, minimum: 'low' })
const dice = diceOf(3)
const value = letters(dice, 40)
const BEGIN = '-----BEGIN RSA PRIVATE' + ' KEY-----'
const END = '-----END RSA PRIVATE' + ' KEY-----'
const body = `${letters(dice, 64)}\n${letters(dice, 64)}`

const rulesOf = (text: string) => scanner.scan(text).map(({ rule, risk }) => `${rule} ${risk}`)
const hidden = (text: string) => scanner.scan(text).map(({ start, end }) => text.slice(start, end))

test('private keys are found in lines, in one line, in JSON, cut off, and in other people’s formats', () => {
  for (const text of [
    `${BEGIN}\n${body}\n${END}`,
    `${BEGIN}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n${body}\n${END}`,
    `${BEGIN} ${body.replace('\n', ' ')} ${END}`,
    JSON.stringify({ key: `${BEGIN}\n${body}\n${END}\n` }),
    `"${BEGIN}\\\\n${body.replace('\n', '\\\\n')}\\\\n${END}"`,
    `${BEGIN}\n${body}`,
    `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n${letters(dice, 48)}\nPrivate-MAC: 00`,
    `{"kty":"EC","crv":"P-256","d":"${letters(dice, 43)}"}`,
    `-----BEGIN PGP PRIVATE` + ` KEY BLOCK-----\n\n${body}\n-----END PGP PRIVATE KEY BLOCK-----`,
  ])
    assert.deepEqual(rulesOf(text), ['private-key critical'], text)
  assert.deepEqual(rulesOf(`${BEGIN}\nyour key here\n${END} and ${BEGIN} in a text`), [])
  assert.deepEqual(rulesOf(`-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----`), [])
})

test('a web token is told by its header, not by its shape', () => {
  const part = (what: unknown) => Buffer.from(JSON.stringify(what)).toString('base64url')
  const token = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: 'svc', exp: 1 })}.${letters(dice, 43)}`
  assert.deepEqual(rulesOf(`cookie ${token}; next`), ['jwt high'])
  assert.deepEqual(hidden(`cookie ${token}; next`), [token])
  assert.deepEqual(rulesOf(`${part({ name: 'x' })}.${part({ a: 1 })}.${letters(dice, 43)}`), [])
})

test('passwords in addresses and connection strings', () => {
  for (const [text, secret] of [
    ['postgres://app:tr0ub4dor@db.corp.net:5432/x', 'tr0ub4dor'],
    ['redis://:p4ssw0rt9x@cache.corp.net', 'p4ssw0rt9x'],
    ['mongodb+srv://u:aB3kk9Lq@c0.abc.mongodb.net/?retryWrites=true', 'aB3kk9Lq'],
    ['amqps://svc:Zk3-99qq@mq.corp.net/vhost', 'Zk3-99qq'],
    [`DefaultEndpointsProtocol=https;AccountName=a;AccountKey=${value}==;EndpointSuffix=x`, `${value}==`],
    ['Server=db;User Id=sa;Password=Kq7!mm21zz;Encrypt=yes', 'Kq7!mm21zz'],
    ['Driver={ODBC};Uid=a;Pwd=Kq7!mm21zz;', 'Kq7!mm21zz'],
    ['jdbc:mysql://db/x?user=a&password=Kq7mm21zz9&ssl=1', 'Kq7mm21zz9'],
    ['jdbc:oracle:thin:scott/Kq7mm21zz9@db:1521/x', 'Kq7mm21zz9'],
    ['machine api.corp.net login me password Kq7mm21zz9', 'Kq7mm21zz9'],
    [`//registry.npmjs.org/:_authToken=${value}`, value],
    [
      `{"auths":{"x":{"auth":"${Buffer.from('me:Kq7mm21zz9').toString('base64')}"}}}`,
      Buffer.from('me:Kq7mm21zz9').toString('base64'),
    ],
    ["curl -u 'me:Kq7mm21zz9' https://x.corp.net", 'Kq7mm21zz9'],
    [
      `Authorization: Basic ${Buffer.from('me:Kq7mm21zz9').toString('base64')}`,
      Buffer.from('me:Kq7mm21zz9').toString('base64'),
    ],
  ] as const)
    assert.deepEqual(hidden(text), [secret], text)
  for (const text of [
    'https://example.com:8080/path@2x.png',
    'postgres://user:password@localhost:5432/db',
    'https://user:${PASSWORD}@host.corp.net',
    'ssh://git@github.com/a/b.git',
    'curl -u "$USER:$PASS" https://x',
  ])
    assert.deepEqual(hidden(text), [], text)
})

test('a name beside a value makes it a secret, unless the value says otherwise', () => {
  for (const text of [
    `OPENWEATHER_API_KEY=${value}`,
    `"client_secret": "${value}"`,
    `const jwtSecret = '${value}'`,
    `--auth-token ${value}`,
    `<api_key>${value}</api_key>`,
    `{\\"token\\":\\"${value}\\"}`,
    `os.environ["SLACK_TOKEN"] = "${value}"`,
    `<add key="ApiKey" value="${value}"/>`,
    `ENV APP_SECRET ${value}`,
  ])
    assert.deepEqual(hidden(text), [value], text)
  for (const text of [
    'secret:use:github',
    'the token expired yesterday',
    'next_page_token: "CAUQAA1b2C3d4E5f6G7h8"',
    'public_key = "9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit"',
    'password: ${DB_PASSWORD}',
    'api_key = os.environ["API_KEY"]',
    'token = config.auth.token2Value',
    'passwordField = "id_password1"',
    'keyboard: "azerty12-layout34-x"',
    `"integrity": "sha512-${value}${value}"`,
    `commit ${'0a1b2c3d'.repeat(5)}`,
    'id: 8f14e45f-ceea-467f-a0e6-1b1b2b3b4b5b',
    'SECRET_NAME = "NEXUS-GPT4-API-KEY"',
  ])
    assert.deepEqual(hidden(text), [], text)
})

test('base64 is looked into, once', () => {
  const inner = `{"access_token": "${value}"}`
  const once = Buffer.from(inner).toString('base64')
  assert.deepEqual(rulesOf(`data: ${once}`), ['encoded-assigned high'])
  assert.deepEqual(rulesOf(`data: ${Buffer.from(once).toString('base64')}`), [])
  assert.deepEqual(rulesOf(Buffer.from(value.repeat(4)).toString('base64')), [])
})

test('the mask names the type and tells equal values apart only for the holder of the key', () => {
  const text = `a password=${'Kq7mm21zz9'} b password=${'Kq7mm21zz9'} c password=${'Xq7mm21zz9'}`
  const tags = [...scanner.redact(text).matchAll(/\[redacted assigned ([0-9a-f]{8})\]/g)].map(
    ([, tag]) => tag,
  )
  assert.equal(tags.length, 3)
  assert.equal(tags[0], tags[1])
  assert.notEqual(tags[0], tags[2])
  assert.notEqual(createSecretScanner({ key: Buffer.alloc(32, 8) }).scan(text)[0]?.tag, tags[0])
  assert.equal(scanner.redact('nothing here'), 'nothing here')
  assert.equal(
    scanner.redact(scanner.redact(text)),
    scanner.redact(text),
    'masking twice changes nothing more',
  )
})

test('low is for the eager alone, and a family that is not asked for is not told of', () => {
  assert.deepEqual(scanner.scan('password = swordfish'), [])
  assert.equal(eager.redact('password = swordfish').includes('swordfish'), false)
  const urls = createSecretScanner({ key: KEY, families: ['url'] })
  assert.deepEqual(urls.scan(`password=${value}`), [])
  assert.deepEqual(createSecretScanner({ key: KEY, families: [] }).scan(`password=${value}`), [])
  assert.deepEqual(SECRET_FAMILIES.includes('identity' as never), false)
})

test('texts made to be slow are read to their end', () => {
  for (const part of HOSTILE) {
    const text = part.repeat(Math.ceil(8000 / part.length))
    const masked = eager.redact(`${text} password=${value}`)
    assert.ok(!masked.includes(value), part)
  }
})

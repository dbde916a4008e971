import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

const home = house({ after })

/** Of the shapes secrets have, none of them one. */
const SECRETS = {
  bearer: 'Zm9yYmlkZGVuLWJlYXJlci0wMDAx',
  password: 'hunter2-correct-horse',
  provider: `sk-${'a1B2'.repeat(8)}`,
  url: 'swordfish-in-a-url',
}
const LINE = [
  `echo "Authorization: Bearer ${SECRETS.bearer}"`,
  `password=${SECRETS.password}`,
  SECRETS.provider,
  `https://user:${SECRETS.url}@example.org/`,
].join(' ')

function holdsSecret(text: string | Buffer): string | undefined {
  return Object.values(SECRETS).find((secret) => text.includes(secret))
}

/** Every file below, as bytes. */
function filesBelow(directory: string): { readonly path: string; readonly bytes: Buffer }[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => ({ path, bytes: readFileSync(path) }))
}

test('a secret in the arguments of a run reaches the command and no record of it', async () => {
  const env = { WARDER_LOG_LEVEL: 'debug' }
  const ran = await home.warder(['run', '-q', '--', 'sh', '-c', `/bin/${LINE}`], { env })
  assert.equal(ran.code, 0, ran.stderr)
  for (const secret of Object.values(SECRETS)) assert.ok(ran.stdout.includes(secret), 'the command got it')
  const reason = ['--reason', `because password=${SECRETS.password}`]
  assert.equal((await home.warder(['grant', 'add', 'x', 'fs:read:/srv/**', ...reason])).code, 0)

  for (const words of [
    ['audit', 'list', '--json'],
    ['audit', 'list'],
    ['audit', 'export', '--format', 'csv'],
    ['audit', 'export', '--format', 'ocsf'],
    ['status', '--json'],
    ['grant', 'list', '--all', '--json'],
  ]) {
    const said = await home.warder(words)
    assert.equal(said.code, 0, said.stderr)
    assert.equal(holdsSecret(said.stdout + said.stderr), undefined, words.join(' '))
  }
  const listed = await home.warder(['audit', 'list', '--json'])
  assert.match(listed.stdout, /\[redacted [a-z-]+ [0-9a-f]{8}\]/, 'the command is recorded, masked')
})

test('nor any file of Warder’s: not the ledger, not its log, not while it runs nor after', () => {
  const before = filesBelow(home.state)
  assert.ok(before.some(({ path }) => path.includes('/audit/')))
  for (const { path, bytes } of [...before, ...filesBelow(join(home.runtime, 'warder'))])
    assert.equal(holdsSecret(bytes), undefined, path)
})

test('an environment variable with a secret’s name does not reach the agent at all', async () => {
  const env = { GITHUB_TOKEN: SECRETS.provider, MY_API_KEY: SECRETS.password, LANG: 'C.UTF-8' }
  const ran = await home.warder(['run', '-q', '--', 'env'], { env })
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stdout, /^LANG=C\.UTF-8$/m)
  assert.equal(holdsSecret(ran.stdout), undefined)
})

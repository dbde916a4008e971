import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { house } from '../kit/house.ts'

// A person keeps secrets: sets, binds, rotates by a program, protects with a passphrase, imports, looks for leaks.

const home = house({ after })
const ok = async (args: readonly string[], input = '') => {
  const { code, stdout, stderr } = await home.warder(args, { input, cwd: home.workspace })
  assert.equal(code, 0, `${args.join(' ')}\n${stdout}\n${stderr}`)
  return `${stdout}${stderr}`
}
const value = async (name: string) =>
  (await home.warder(['secret', 'get', name, '--reveal'], { cwd: home.workspace })).stdout

before(() => ok(['daemon', 'start']))

test('a secret is kept, shown masked, bound, and old after its time', async () => {
  assert.match(await ok(['secret', 'list']), /no secrets are kept/)
  const terms = ['--host', 'api.example.com', '--for', 'builder', '--rotate-after', '1m']
  await ok(['secret', 'set', 'api-key', ...terms], 'first value\n')
  const shown = await ok(['secret', 'get', 'api-key'])
  assert.match(shown, /hosts +api\.example\.com\nfor +builder/)
  assert.match(shown, /\*{8}, 11 bytes, fingerprint [0-9a-f]{12}/)
  assert.doesNotMatch(shown, /first value/)
  await ok(['secret', 'bind', 'api-key', '--disable', '--reason', 'may be known'])
  const { stdout: found } = await home.warder(['doctor'])
  assert.match(found, /secrets +api-key is out of use: may be known/)
  assert.match(await ok(['secret', 'bind', 'api-key', '--enable', '--rotate-after', '30d']), /state +ok/)
})

test('a new value is tried before the old one is forgotten, by hand or by a program', async () => {
  await ok(['secret', 'rotate', 'api-key'], 'second value')
  assert.match(await ok(['secret', 'list']), /api-key +overlap/)
  await ok(['secret', 'rotate', 'api-key', '--back'])
  assert.equal(await value('api-key'), 'first value')
  await ok(['secret', 'rotate', 'api-key'], 'third value')
  await ok(['secret', 'rotate', 'api-key', '--verified'])
  assert.equal(await value('api-key'), 'third value')

  const page = readFileSync(new URL('../../docs/secrets.md', import.meta.url), 'utf8')
  const [, script = ''] = /```sh rotation-hook\n([\s\S]*?)```/.exec(page) ?? []
  const [tokens, program] = [join(home.home, 'tokens'), join(home.home, 'rotate')]
  writeFileSync(tokens, 'third value\n')
  writeFileSync(program, script.replaceAll('/srv/example/tokens', tokens), { mode: 0o700 })
  await ok(['secret', 'bind', 'api-key', '--hook', program])
  assert.match(await ok(['secret', 'rotate', 'api-key']), /done +create, verify, swap, revoke/)
  assert.equal(readFileSync(tokens, 'utf8'), `${await value('api-key')}\n`)
})

test('a passphrase shuts the store until it is given, and only it', async () => {
  const passphrase = 'a few words in a row\n'
  await ok(['secret', 'protect', 'set', '--from-fd', '0'], passphrase)
  await ok(['secret', 'lock'])
  assert.equal((await home.warder(['secret', 'get', 'api-key'])).code, 7)
  assert.match(await ok(['status']), /the store is locked/)
  const wrong = await home.warder(['secret', 'unlock', '--from-fd', '0'], { input: 'another one\n' })
  assert.equal(wrong.code, 3)
  await ok(['secret', 'unlock', '--from-fd', '0'], passphrase)
  await ok(['secret', 'get', 'api-key'])
  const refused = await home.warder(['secret', 'protect', 'remove', '--from-fd', '0'], {
    input: 'another one\n',
  })
  assert.equal(refused.code, 3)
  await ok(['secret', 'protect', 'remove', '--from-fd', '0'], passphrase)
})

test('what lies in a file is imported, and what is left lying is found', async () => {
  const planted = `ghp_${'0123456789abcdefghij'}${'0123456789abcdef'}`
  writeFileSync(join(home.workspace, '.env'), `GH_TOKEN=${planted}\nDEBUG=1\n`)
  assert.match(await ok(['secret', 'import', '.env', '--dry-run']), /GH_TOKEN would be kept as gh-token/)
  assert.doesNotMatch(await ok(['secret', 'list']), /gh-token/)
  await ok(['secret', 'import', '.env'])
  assert.equal(await value('gh-token'), planted)
  const { code, stdout } = await home.warder(['secret', 'check'], { cwd: home.workspace })
  assert.equal(code, 8)
  assert.match(stdout, /\.env: the value of gh-token/)
  writeFileSync(join(home.workspace, '.env'), 'DEBUG=1\n')
  const entries = await ok(['audit', 'list', '--action', 'secret:', '--json'])
  assert.ok(entries.includes('"target": "gh-token"') && !entries.includes(planted))
  await ok(['secret', 'delete', 'gh-token', '--confirm', 'gh-token'])
  assert.equal((await home.warder(['secret', 'get', 'gh-token'])).code, 4)
  assert.match(await ok(['audit', 'verify']), /the record verifies/)
})

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'

const home = house({ after })

interface Grant {
  readonly id: string
  readonly principal: string
  readonly capability: string
  readonly notBefore: string
  readonly expiresAt: string
  readonly state: string
}

const add = (...words: string[]) =>
  home.command(['grant', 'add', ...words, '--reason', 'a journey', '--json'])

async function list(...words: string[]): Promise<readonly Grant[]> {
  return (await home.command(['grant', 'list', '--json', ...words])).json<{ grants: Grant[] }>().grants
}

const lastsMs = ({ notBefore, expiresAt }: Grant) => Date.parse(expiresAt) - Date.parse(notBefore)

test('a grant lasts ten minutes unless told, and as long as told', async () => {
  const usual = await add('builder', 'fs:read:/srv/data/**')
  assert.equal(usual.code, 0, usual.stderr)
  assert.equal(lastsMs(usual.json<Grant>()), 10 * 60_000)
  assert.equal(usual.json<Grant>().state, 'live')
  const long = await add('builder', 'fs:read:/srv/other/**', '--for', '2h')
  assert.equal(lastsMs(long.json<Grant>()), 2 * 3_600_000)
  assert.match(long.stderr, /warder grant revoke/)
})

test('a grant that begins later is pending until then', async () => {
  const later = (await add('builder', 'fs:read:/srv/later/**', '--in', '1h', '--for', '5m')).json<Grant>()
  assert.equal(later.state, 'pending')
  assert.equal(lastsMs(later), 5 * 60_000)
  const ask = ['policy', 'explain', 'builder', 'fs:read:/srv/later/x']
  assert.equal((await home.warder(ask)).code, 3)
})

test('a grant opens what it names and nothing beside it', async () => {
  const ask = async (capability: string) =>
    (await home.command(['policy', 'explain', 'builder', capability])).code
  assert.equal(await ask('fs:read:/srv/data/a/b.csv'), 0)
  assert.equal(await ask('fs:write:/srv/data/a/b.csv'), 3)
  assert.equal(await ask('fs:read:/srv/database'), 3)
  const other = await home.command(['policy', 'explain', 'other', 'fs:read:/srv/data/a/b.csv'])
  assert.equal(other.code, 3)
})

test('the list shows those that hold or will, of one agent if asked', async () => {
  await add('other', 'fs:read:/srv/data/**')
  assert.equal((await list()).length, 4)
  const [only, ...more] = await list('--agent', 'other')
  assert.equal(only?.principal, 'other')
  assert.deepEqual(more, [])
  const text = await home.command(['grant', 'list'])
  assert.match(text.stdout, /^ID +AGENT +CAPABILITY +STATE/)
})

test('a unique beginning of an id is enough to revoke, and it closes at once', async () => {
  const grants = await list()
  const data = grants.find(({ capability, principal }) => principal === 'builder' && /data/.test(capability))
  assert.ok(data)
  const shared = await home.command(['grant', 'revoke', data.id.slice(0, 4)])
  assert.equal(shared.code, 4, 'ids made in the same minute begin alike')
  assert.match(shared.stderr, /grants begin with/)
  const isUnique = (text: string) => grants.filter(({ id }) => id.startsWith(text)).length === 1
  const length = Array.from(data.id).findIndex((_, i) => isUnique(data.id.slice(0, i))) + 1
  const revoked = await home.command(['grant', 'revoke', data.id.slice(0, length), '--json'])
  assert.equal(revoked.code, 0, revoked.stderr)
  assert.equal(revoked.json<Grant>().id, data.id)
  const ask = await home.command(['policy', 'explain', 'builder', 'fs:read:/srv/data/a'])
  assert.equal(ask.code, 3)
  const all = await list('--agent', 'builder', '--all')
  assert.equal(all.find(({ id }) => id === data.id)?.state, 'revoked')
  assert.equal((await home.command(['grant', 'revoke', 'nosuch'])).code, 4)
})

test('what no grant may be is refused in words: too long, misspelt, for what is guarded', async () => {
  const cases: readonly (readonly [readonly string[], number])[] = [
    [['builder', 'fs:read:/srv/**', '--for', '48h'], 2],
    [['builder', 'fs:raed:/srv/**'], 2],
    [['builder', 'filesystem:read:/srv/**'], 2],
    [['Not An Agent', 'fs:read:/srv/**'], 2],
    [['builder', 'fs:read:/srv/**', '--for', 'soon'], 2],
  ]
  for (const [words, exit] of cases) {
    const refused = await add(...words)
    assert.equal(refused.code, exit, words.join(' '))
    const { error } = refused.json<{ error: { code: string; what: string; fix: string } }>()
    assert.ok(error.what !== '' && error.fix !== '', words.join(' '))
  }
  const withoutReason = await home.warder(['grant', 'add', 'builder', 'fs:read:/srv/**'])
  assert.equal(withoutReason.code, 2)
  assert.match(withoutReason.stderr, /--reason/)
})

test('a grant given with the run shows its directory inside, and a run without it does not', async () => {
  const script = 'cat /etc/motd-of-nobody; ls /var/log >/dev/null 2>&1 && echo SEEN'
  const words = ['sh', '-c', script]
  const without = await home.warder(['run', '-q', '--agent', 'reader', '--', ...words])
  assert.equal(without.stdout, '')
  const grant = ['--grant', 'fs:read:/var/log/**', '--grant-for', '1m']
  const given = await home.warder(['run', '-q', '--agent', 'reader', ...grant, '--', ...words])
  assert.equal(given.stdout, 'SEEN\n', given.stderr)
})

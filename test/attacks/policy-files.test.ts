import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house } from '../kit/house.ts'
import { configure, owner } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

// Policy files that say one thing to a person and another to a program, or that are there to break the reader.

const home = house({ after })
const GOOD = `version: 1
rules:
  - {id: data, effect: allow, capabilities: ["fs:read:/srv/data/**"], reason: the data}
`
const file = configure(home, 'policy.yaml', GOOD)
const me = await owner({ after }, home)

const bomb = `version: 1\na: &a [x, x]\n${'bcdefghij'
  .split('')
  .map((name, i) => `${name}: &${name} [*${'abcdefghij'[i]}, *${'abcdefghij'[i]}, *${'abcdefghij'[i]}]`)
  .join('\n')}\n`

/** Each with the line and column its refusal must name, and a word it must say. */
const HOSTILE: Readonly<Record<string, readonly [string | Uint8Array, string, RegExp]>> = {
  'an unknown key': [`${GOOD}rule: []\n`, '4:1', /rule is not a known key/],
  'an unknown key in a rule': [GOOD.replace('effect: allow', 'efect: allow'), '3:5', /effect.*and 1 more/],
  'a key that stands twice': [`${GOOD}rules: []\n`, '4:1', /unique|twice/],
  'an effect that stands twice': [
    GOOD.replace('effect: allow', 'effect: deny, effect: allow'),
    '3:30',
    /unique|twice/,
  ],
  'aliases of aliases': [bomb, '2:', /and 46 more/],
  'an anchor and its alias': ['version: 1\nrules: &r []\nagents: *r\n', '2:11', /anchor|alias/],
  'a tag': [`version: !!str 1\n`, '1:16', /tag/],
  'a tag of a program': ['version: !!js/function "x"\n', '1:10', /tag/],
  'a merge key': [`${GOOD}<<: {version: 1}\n`, '4:1', /<</],
  'more than a megabyte': [`${GOOD}#${'x'.repeat(1_100_000)}\n`, ' has ', /bytes/],
  'bytes that are not UTF-8': [
    Buffer.concat([Buffer.from(GOOD), Buffer.from([0x23, 0xff, 0xfe, 0x0a])]),
    '1:1',
    /UTF-8/,
  ],
  'two documents': [`${GOOD}---\n${GOOD}`, '4:1', /document/],
  'a nest of thousands': [
    `version: 1\nrules: ${'['.repeat(5000)}${']'.repeat(5000)}\n`,
    '1:1',
    /deep|levels/,
  ],
  'a pattern with a way up': [GOOD.replace('/srv/data/**', '/srv/../etc/**'), '3:46', /\.\./],
  'a number for a text': [GOOD.replace('reason: the data', 'reason: 7'), '3:79', /reason/],
  'no version': [GOOD.replace('version: 1\n', ''), '1:1', /version/],
}

/** A file too large to be read has no line: only its name is told. */
const at = (place: string): string => (place.startsWith(' ') ? place : `:${place}`)

async function stillInForce(): Promise<void> {
  const { decision } = await me.call('decide', { as: 'reader', capability: 'fs:read:/srv/data/x' })
  assert.deepEqual([decision.effect, decision.rule], ['allow', 'rule.data'])
}

for (const [what, [content, place, says]] of Object.entries(HOSTILE)) {
  test(`${what}: refused by check and by reload, with its place, and the old policy stays`, async () => {
    const { digest } = await me.call('policyShow', {})
    const candidate = configure(home, 'candidate.yaml', content)
    const checked = await home.warder(['policy', 'check', candidate])
    assert.equal(checked.code, 2, checked.stdout)
    assert.ok(checked.stderr.includes(`candidate.yaml${at(place)}`), checked.stderr.slice(0, 500))
    assert.match(checked.stderr, says)
    configure(home, 'policy.yaml', content)
    const reloaded = await home.command(['policy', 'reload'])
    assert.equal(reloaded.code, 2, reloaded.stdout)
    assert.ok(reloaded.stderr.includes(`policy.yaml${at(place)}`), reloaded.stderr.slice(0, 500))
    await stillInForce()
    const { policy } = await me.call('status', {})
    assert.equal(policy.digest, digest)
    assert.match(policy.problem ?? '', says)
    configure(home, 'policy.yaml', GOOD)
    const mended = await home.command(['policy', 'reload'])
    assert.equal(mended.code, 0, mended.stderr)
    assert.equal((await me.call('status', {})).policy.problem, undefined)
  })
}

test('a good file is taken by check and by reload', async () => {
  assert.equal((await home.command(['policy', 'check', file])).code, 0)
  assert.equal((await home.command(['policy', 'reload'])).code, 0)
  await stillInForce()
})

test('a daemon does not start on a broken policy, and says where it is broken', async () => {
  me.client.close()
  await endDaemon(home)
  for (const what of ['an unknown key', 'bytes that are not UTF-8', 'a key that stands twice'] as const) {
    const [content, place] = HOSTILE[what]!
    configure(home, 'policy.yaml', content)
    const { code, stderr } = await home.warder(['run', '--agent', 'a', '--', '/bin/echo', 'ran'])
    assert.equal(code, 7, stderr)
    assert.ok(stderr.includes(`${join(home.home, '.config/warder/policy.yaml')}:${place}`), stderr)
  }
  configure(home, 'policy.yaml', GOOD)
  assert.equal((await home.warder(['run', '--agent', 'a', '--', '/bin/true'])).code, 0)
})

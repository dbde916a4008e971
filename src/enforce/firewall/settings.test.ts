import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { replacing, type Opening } from './model.ts'
import { unboundConfig } from './resolver.ts'
import { readSettings } from './settings.ts'
import { linesOf } from './show.ts'
import { notesOn, tableOf } from './table.ts'

const read = (written: Record<string, string>) =>
  readSettings(
    Object.entries(written).map(([key, value]) => ({ key, value, where: `firewall.yaml: ${key}` })),
  )
const accepted = (written: Record<string, string>) => {
  try {
    return read(written)
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'FIREWALL_SETTINGS')
    return undefined
  }
}
const nobody = { outbound: [], time: [] }
const rulesOf = (written: Record<string, string>, ids = nobody as { outbound: number[]; time: number[] }) =>
  linesOf(tableOf(read(written), ids))

test('with nothing written the management ports are closed, and nobody leaves', () => {
  const rules = rulesOf({})
  assert.equal(rules.filter((line) => /management, |who may leave|is open/.test(line)).length, 0)
  assert.ok(rules.includes('chain input: hook input priority 0; policy drop'))
  assert.ok(rules.includes('chain output: hook output priority 0; policy drop'))
  assert.equal(notesOn(read({}), nobody, true).length, 3)
})

test('a subnet that is the world is refused, in every notation', () => {
  for (const subnet of [
    '0.0.0.0/0',
    '::/0',
    '0.0.0.0/1',
    '10.0.0.0/7',
    '2000::/3',
    '10.0.0.1/8',
    '10.0.0.0',
  ]) {
    assert.throws(() => read({ 'management.subnets': subnet }), { code: 'FIREWALL_SETTINGS' }, subnet)
  }
  assert.deepEqual(read({ 'management.subnets': '10.0.0.0/8,fd00::/16' }).managementSubnets.length, 2)
})

test('an unknown key or a wrong value is refused with its place, and nothing of the file is used', () => {
  const wrong = {
    'inbound.open': 'tcp/0',
    'managment.subnets': '10.0.0.0/8',
    forward: 'maybe',
    'log.per_minute': '-1',
  }
  for (const [key, value] of Object.entries(wrong)) {
    assert.throws(() => read({ 'log.group': '5', [key]: value }), {
      code: 'FIREWALL_SETTINGS',
      where: `firewall.yaml: ${key}`,
    })
  }
})

test('whatever stands in the file, none of it becomes a line or a rule of its own', () => {
  const plain = unboundConfig(read({})).split('\n').length
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom('a"\n forward-first: yes', 'root } accept', 'ads.com" static')),
      (text) => {
        for (const key of ['outbound.users', 'resolver.block', 'resolver.upstreams', 'inbound.open']) {
          const settings = accepted({ [key]: text })
          if (settings === undefined) continue
          for (const user of settings.outboundUsers) assert.match(user, /^[a-z0-9_-]+$/)
          const more = settings.upstreams.length === 0 ? 0 : 4 + settings.upstreams.length
          assert.equal(
            unboundConfig(settings).split('\n').length,
            plain + more + settings.blockedNames.length,
          )
        }
      },
    ),
  )
  assert.notEqual(accepted({ 'resolver.block': 'ads.example.com' }), undefined)
})

test('names are asked for where the resolvers are, before any other way out', () => {
  const rules = rulesOf({ 'outbound.resolvers': '192.0.2.53,2001:db8::53' }, { outbound: [990], time: [] })
  const at = (words: string) => rules.findIndex((line) => line.includes(words))
  assert.ok(at('ip daddr 192.0.2.53/32') < at('names, asked for elsewhere'))
  assert.ok(at('names, asked for elsewhere') < at('who may leave'))
  assert.ok(rules.some((line) => line.includes('ip6 daddr 2001:db8::53/128') && line.includes('skuid 990')))
})

test('a batch names no table but its own', () => {
  const opening = {
    ...{ id: 'abcd', transport: 'tcp', port: 80, from: '10.0.0.0/8', reason: 'r', since: 0, until: 9000 },
  } as unknown as Opening
  const batch = replacing(
    tableOf(read({ 'inbound.open': 'tcp/80' }), nobody),
    { openings: [opening], blocks: [] },
    1000,
  )
  const objects = batch.nftables.flatMap((command) =>
    Object.values(command as object).flatMap((each) => Object.entries(each as object)),
  )
  assert.ok(objects.length > 20)
  for (const [kind, object] of objects as [string, { family: string; table?: string; name?: string }][]) {
    assert.deepEqual([object.family, kind === 'table' ? object.name : object.table], ['inet', 'warder'])
  }
  assert.match(JSON.stringify(batch), /"timeout":8,/)
  assert.doesNotMatch(
    JSON.stringify(replacing(tableOf(read({}), nobody), { openings: [opening], blocks: [] }, 9000)),
    /"element"/,
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CapabilityError, formatCapability, NAMESPACES, parseCapability } from './capability.ts'
import { isId, newId } from './id.ts'
import { isAgentName, ROLES } from './principal.ts'
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes, QuantityError } from './quantity.ts'
import { isAtLeast, RISK_LEVELS } from './risk.ts'

test('a duration is a whole number and a unit, and nothing else', () => {
  assert.equal(parseDurationMs('250ms'), 250)
  assert.equal(parseDurationMs('10m'), 600_000)
  assert.equal(parseDurationMs('24h'), 86_400_000)
  for (const text of [
    '',
    '10',
    'm',
    '-1s',
    '1.5h',
    '10 m',
    '1w',
    '10m ',
    '999999999999999d',
    'constructor',
    '1toString',
  ]) {
    assert.throws(() => parseDurationMs(text), QuantityError, text)
  }
})

test('a size knows powers of 1024 from powers of 1000', () => {
  assert.equal(parseSizeBytes('2GiB'), 2_147_483_648)
  assert.equal(parseSizeBytes('100kB'), 100_000)
  for (const text of ['2', '2gb', 'GiB', '1e3B', '0x10B'])
    assert.throws(() => parseSizeBytes(text), QuantityError, text)
})

test('durations and sizes are shown for people', () => {
  assert.equal(formatDuration(90_061_000), '1d 1h')
  assert.equal(formatDuration(12.34), '12.3ms')
  assert.equal(formatSize(1_610_612_736), '1.5 GiB')
})

test('ids are UUIDv7 and sort by time', () => {
  const ids = Array.from({ length: 50 }, newId)
  assert.ok(ids.every(isId))
  assert.equal(new Set(ids).size, 50)
  assert.ok(!isId('not-an-id'))
})

test('a capability that was read is written back the same', () => {
  const verbs = Object.entries(NAMESPACES).flatMap(([name, { verbs }]) =>
    verbs.map((verb) => `${name}:${verb}`),
  )
  const pattern = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' })
  fc.assert(
    fc.property(fc.constantFrom(...verbs), fc.option(pattern, { nil: undefined }), (head, tail) => {
      const text = tail === undefined ? head : `${head}:${tail}`
      assert.equal(formatCapability(parseCapability(text)), text)
    }),
  )
})

test('an unknown namespace or action is an error, never "no match"', () => {
  for (const text of [
    'files:read',
    'fs:peek',
    'FS:read',
    'fs',
    'fs:',
    ':read',
    'fs:read:',
    '*:*',
    'constructor:read',
    'fs:read:/a\nb',
    `fs:read:/${'a'.repeat(2000)}`,
  ]) {
    assert.throws(() => parseCapability(text), CapabilityError, text)
  }
})

test('no agent can be called like a role, like Warder or like nobody, and names stay plain', () => {
  for (const taken of [...ROLES, 'warder', 'unknown']) assert.ok(!isAgentName(taken), taken)
  for (const name of ['', 'A', '-a', '../a', 'a b', 'a/b', 'a'.repeat(64), 'é'])
    assert.ok(!isAgentName(name), name)
  assert.ok(isAgentName('claude-code.2'))
})

test('risk levels are ordered', () => {
  assert.deepEqual(
    RISK_LEVELS.filter((risk) => isAtLeast(risk, 'high')),
    ['high', 'critical'],
  )
})

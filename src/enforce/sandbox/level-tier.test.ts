import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { profileWith } from './fake-lookup.test-kit.ts'
import { isAtLeast, MINIMUM_LEVELS } from './level.ts'
import { atTier, leastLevelFor, TIERS } from './level-tier.ts'

test('the less a tier is trusted, the more its sandbox must keep', () => {
  assert.deepEqual(TIERS.map(leastLevelFor), ['landlock', 'container', 'full'])
})

test('a tier nobody knows gets the strictest, whatever it is called', () => {
  fc.assert(
    fc.property(
      fc.string().filter((word) => !(TIERS as readonly string[]).includes(word)),
      (word) => assert.equal(leastLevelFor(word), 'full'),
    ),
  )
  for (const word of ['constructor', '__proto__', 'toString', 'Trusted', ''])
    assert.equal(leastLevelFor(word), 'full')
})

test('a tier raises what a profile asks for and never lowers it', () => {
  for (const minimum_level of MINIMUM_LEVELS)
    for (const tier of [...TIERS, 'unheard-of', undefined]) {
      const profile = profileWith({ minimum_level })
      const raised = atTier(profile, tier)
      assert.ok(isAtLeast(raised.minimum_level, minimum_level), `${tier} lowered ${minimum_level}`)
      if (tier === undefined) assert.equal(raised, profile)
      else assert.ok(isAtLeast(raised.minimum_level, leastLevelFor(tier)))
      assert.deepEqual({ ...raised, minimum_level }, profile, 'something else changed')
    }
})

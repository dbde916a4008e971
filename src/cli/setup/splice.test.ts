import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isThere, settingsIn, withItem, withMember, withoutEmpty, withoutItems } from './splice.ts'

const OURS = { command: 'ours' }
const isOurs = (value: unknown) => JSON.stringify(value) === JSON.stringify(OURS)
const KEYS = ['hooks', 'PreToolUse']

test('an item is added at the end, and not a character beside it changes', () => {
  const before =
    '{\n\t// mine\n\t"a": 1, /* two */\n\t"hooks": {\n\t\t"PreToolUse": [\n\t\t\t{ "x": 1 }, // last\n\t\t]\n\t}\n}\n'
  const after = withItem(before, KEYS, OURS)
  assert.equal(
    after,
    '{\n\t// mine\n\t"a": 1, /* two */\n\t"hooks": {\n\t\t"PreToolUse": [\n\t\t\t{ "x": 1 }, // last\n\t\t\t{\n\t\t\t\t"command": "ours"\n\t\t\t}\n\t\t]\n\t}\n}\n',
  )
  assert.deepEqual(settingsIn(withoutItems(after, KEYS, isOurs)), settingsIn(before))
})

test('lists and objects on the way are made, and taken away when nothing is in them', () => {
  for (const before of [
    '{}',
    '{}\n',
    '{ // nothing\n}\n',
    '{"a":[1,2]}',
    '{\r\n  "a": 1\r\n}\r\n',
    '{"hooks":{}}',
    '{"hooks":{"PreToolUse":[]}}',
  ]) {
    const made = [['hooks'], KEYS].filter((keys) => !isThere(before, keys))
    const after = withItem(before, KEYS, OURS)
    assert.ok(isThere(after, KEYS))
    const back = made.toReversed().reduce(withoutEmpty, withoutItems(after, KEYS, isOurs))
    assert.deepEqual(settingsIn(back), settingsIn(before), before)
  }
})

test('whatever the settings are, what is put in can be taken out, and the rest stays', () => {
  const settings = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    .filter((each) => !('hooks' in each))
  fc.assert(
    fc.property(settings, fc.array(fc.jsonValue()), fc.constantFrom(0, 2, '\t'), (rest, list, indent) => {
      const others = list.filter((each) => !isOurs(each))
      const before = JSON.stringify({ ...rest, hooks: { PreToolUse: others } }, undefined, indent)
      const after = withItem(withItem(before, KEYS, OURS), ['hooks', 'Other'], OURS)
      const there = settingsIn(after) as { hooks: { PreToolUse: unknown[] } }
      assert.deepEqual(there.hooks.PreToolUse.at(-1), OURS)
      const without = withoutItems(withoutItems(after, KEYS, isOurs), ['hooks', 'Other'], isOurs)
      assert.deepEqual(settingsIn(withoutEmpty(without, ['hooks', 'Other'])), settingsIn(before))
    }),
  )
})

test('what stands in the way is never overwritten', () => {
  assert.throws(() => withItem('{"hooks":"none"}', KEYS, OURS), /plain value/)
  assert.throws(() => withItem('{"hooks":{"PreToolUse":{}}}', KEYS, OURS), /not a list/)
  assert.throws(() => withItem('{"hooks":{},"hooks":{}}', KEYS, OURS), /stands twice/)
  assert.equal(withMember('{"version":2}', 'version', 1), '{"version":2}')
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutTo, printable, widthOf } from './printable.ts'
import { table } from './table.ts'

test('nothing that moves the cursor, reorders or hides ever gets through', () => {
  const unsafe =
    /[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\ufeff\u{e0000}-\u{e01ef}]/u
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (text, lines) => {
      const shown = printable(text, { lines }).replaceAll(lines ? /[\n\t]/g : /(?!)/g, '')
      assert.doesNotMatch(shown, unsafe)
    }),
  )
})

test('what is hidden is shown with its number', () => {
  assert.equal(printable('a\u202eb'), 'a\\u{202e}b')
  assert.equal(printable('\u001b]0;title\u0007'), '\\u{1b}]0;title\\u{7}')
  assert.equal(printable('a\nb\tc'), 'a\\u{a}b\\u{9}c')
  assert.equal(printable('a\nb\tc', { lines: true }), 'a\nb\tc')
  assert.equal(printable('\u{e0041}\ud800\u3164'), '\\u{e0041}\\u{d800}\\u{3164}')
  assert.equal(printable('a\u200db'), 'a\\u{200d}b')
})

test('letters of every script and emoji, joined ones too, stay', () => {
  for (const text of ['Grüße', 'naïve e\u0301', '日本語', 'שלום', '👩‍👩‍👧 🏳️‍🌈 👍🏽', 'a⇒b'])
    assert.equal(printable(text), text)
})

test('only Warder’s own colours pass, and only where there are colours', () => {
  assert.equal(printable('\u001b[1mx\u001b[22m', { styles: true }), '\u001b[1mx\u001b[22m')
  assert.equal(printable('\u001b[8mx\u001b[0m', { styles: true }), '\\u{1b}[8mx\u001b[0m')
  assert.equal(printable('\u001b[1mx'), '\\u{1b}[1mx')
  assert.equal(printable('\u001b[1;31mx', { styles: true }), '\\u{1b}[1;31mx')
})

test('width is what the eye sees', () => {
  const widths: Record<string, number> = {
    abc: 3,
    日本: 4,
    'e\u0301': 1,
    '👩‍👩‍👧': 2,
    ｶﾞ: 2,
    '\u001b[1mab\u001b[22m': 2,
    가: 2,
    '': 0,
  }
  for (const [text, width] of Object.entries(widths)) assert.equal(widthOf(text), width, text)
})

test('a text is cut to columns, not letters, and says that it was', () => {
  assert.equal(cutTo('abcdef', 4), 'abc…')
  assert.equal(cutTo('日本語', 4), '日…')
  assert.equal(cutTo('abcd', 4), 'abcd')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      assert.ok(widthOf(cutTo(printable(text), width)) <= width)
    }),
  )
})

const COLUMNS = [
  { title: 'NAME', value: (row: { name: string }) => row.name, shrinks: true },
  { title: 'N', value: (row: { n: number }) => String(row.n), right: true },
] as const

test('columns line up by width and numbers stand to the right', () => {
  const rows = [
    { name: '日本', n: 7 },
    { name: 'abc', n: 1000 },
  ]
  assert.equal(table(rows, [...COLUMNS]), 'NAME     N\n日本     7\nabc   1000')
})

test('a row cannot break out of its table', () => {
  const lines = table([{ name: 'a\nb\r\u001b[1A\u202e', n: 1 }], [...COLUMNS]).split('\n')
  assert.equal(lines.length, 2)
  assert.equal(lines[1], 'a\\u{a}b\\u{d}\\u{1b}[1A\\u{202e}  1')
})

test('a narrow terminal cuts what may be cut; a pipe cuts nothing', () => {
  const rows = [{ name: 'x'.repeat(50), n: 123456 }]
  const narrow = table(rows, [...COLUMNS], 30).split('\n')
  assert.ok(narrow.every((line) => widthOf(line) <= 30))
  assert.match(narrow[1]!, /…\s+123456$/)
  assert.ok(table(rows, [...COLUMNS]).includes('x'.repeat(50)))
})

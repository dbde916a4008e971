import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { edits, unified } from './diff.ts'

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '', 'long line'), { maxLength: 30 })
  .chain((lines) => fc.constantFrom(lines.join('\n'), lines.map((line) => `${line}\n`).join('')))

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 25 })

/** The longest common subsequence, by the book. */
function common(a: readonly string[], b: readonly string[]): number {
  const rows = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = 1; i <= a.length; i += 1)
    for (let j = 1; j <= b.length; j += 1)
      rows[i]![j] =
        a[i - 1] === b[j - 1]
          ? (rows[i - 1]![j - 1] ?? 0) + 1
          : Math.max(rows[i - 1]![j] ?? 0, rows[i]![j - 1] ?? 0)
  return rows[a.length]![b.length] ?? 0
}

test('the edits give both texts back, with as few changes as there can be', () => {
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const all = edits(before, after)
      assert.deepEqual(
        all.filter(({ kind }) => kind !== 'in').map(({ line }) => line),
        before,
      )
      assert.deepEqual(
        all.filter(({ kind }) => kind !== 'out').map(({ line }) => line),
        after,
      )
      assert.equal(all.filter(({ kind }) => kind === 'same').length, common(before, after))
    }),
  )
})

/** Applies a unified diff, so that what is shown is known to be what happened. */
function patched(before: string, diff: string): string {
  const old = before === '' ? [] : (before.match(/[^\n]*\n|[^\n]+$/g) ?? [])
  const out: string[] = []
  let at = 0
  for (const hunk of diff.split(/^(?=@@ )/m).filter((part) => part !== '')) {
    const [, start = '0', count = '1'] = /^@@ -(\d+)(?:,(\d+))? /.exec(hunk) ?? []
    const from = count === '0' ? Number(start) : Number(start) - 1
    out.push(...old.slice(at, from))
    at = from
    const body = hunk.slice(hunk.indexOf('\n') + 1).match(/[^\n]*\n/g) ?? []
    for (const [index, line] of body.entries()) {
      const isLast = body[index + 1]?.startsWith('\\') === true
      const content = isLast ? line.slice(1, -1) : line.slice(1)
      if (line.startsWith('+') || line.startsWith(' ')) out.push(content)
      if (line.startsWith('-') || line.startsWith(' ')) at += 1
    }
  }
  return [...out, ...old.slice(at)].join('')
}

test('a unified diff, applied to the one text, gives the other', () => {
  fc.assert(
    fc.property(text, text, (before, after) => assert.equal(patched(before, unified(before, after)), after)),
  )
})

test('texts that have little in common still end, and are shown as replaced', () => {
  const before = Array.from({ length: 5000 }, (_, at) => `old ${at}`)
  const after = Array.from({ length: 5000 }, (_, at) => `new ${at}`)
  const all = edits(['head', ...before, 'tail'], ['head', ...after, 'tail'])
  assert.equal(all.filter(({ kind }) => kind === 'same').length, 2)
  assert.equal(all.length, 10_002)
})

test('a missing last newline is a difference, and is said', () => {
  assert.equal(unified('a\n', 'a'), '@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n')
  assert.equal(unified('', 'a\n'), '@@ -0,0 +1 @@\n+a\n')
  assert.equal(unified('a\n', 'a\n'), '')
})

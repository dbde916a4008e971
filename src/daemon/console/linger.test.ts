import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Lingering } from './linger.ts'

const SHORT_MS = 20
const NEVER_MS = 3_600_000

test('who goes counts for a while, and then no more', async () => {
  const gone = new AbortController()
  const end = new Lingering(SHORT_MS).after('s', gone.signal, () => true)
  gone.abort()
  assert.equal(end.aborted, false, 'a page that is loaded again is back before')
  await once(end, 'abort')
})

test('whose session is over counts no longer than the page', async () => {
  const gone = new AbortController()
  const session = { isLive: true }
  const lingering = new Lingering(NEVER_MS)
  const end = lingering.after('s', gone.signal, () => session.isLive)
  gone.abort()
  session.isLive = false
  await once(end, 'abort')
  const already = lingering.after('s', AbortSignal.abort(), () => false)
  assert.ok(already.aborted)
})

test('coming and going adds up to nothing: one place for each session', () => {
  const lingering = new Lingering(NEVER_MS)
  const leave = (session: string) => lingering.after(session, AbortSignal.abort(), () => true)
  const [first, other, second] = [leave('a'), leave('b'), leave('a')]
  assert.deepEqual(
    [first, other, second].map(({ aborted }) => aborted),
    [true, false, false],
  )
  lingering.close()
  assert.deepEqual(
    [other, second].map(({ aborted }) => aborted),
    [true, true],
  )
})

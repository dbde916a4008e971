import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListCache, type Listed } from './cache.ts'
import { edited } from './splice.ts'

const LISTED: Listed = { caller: 'ada', server: 'files', method: 'tools/list', params: {} }

function narrowed(cache: ListCache, result: Record<string, unknown>, listed = LISTED) {
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result })
  const { edits, notice } = cache.narrow(listed, text, result)
  const { ttlMs, cacheScope } = (JSON.parse(edited(text, edits)) as { result: Record<string, unknown> })
    .result
  return { ttlMs, cacheScope, notice }
}

const tools = (...names: string[]) => ({ tools: names, ttlMs: 300_000, cacheScope: 'public' })

test('a list is private and kept no longer than allowed, whatever the server says', () => {
  const cache = new ListCache(60_000)
  const at = { ...LISTED, method: 'prompts/list' }
  assert.deepEqual(narrowed(cache, tools('a')), { ttlMs: 60_000, cacheScope: 'private', notice: undefined })
  assert.equal(narrowed(cache, { ...tools('a'), ttlMs: 5 }).ttlMs, 5)
  for (const ttlMs of [-1, 1.5, 1e300, '60', null, {}, true])
    assert.equal(narrowed(cache, { ...tools('a'), ttlMs }, at).ttlMs, 0)
  assert.equal(narrowed(cache, { ...tools('a'), cacheScope: 'everybody' }, at).cacheScope, 'private')
})

test('a list that says another thing than before is not kept, and whoever keeps the older one is told', () => {
  const cache = new ListCache(60_000)
  narrowed(cache, tools('a'))
  assert.deepEqual(narrowed(cache, tools('a', 'b')), {
    ...{ ttlMs: 0, cacheScope: 'private' },
    notice: 'notifications/tools/list_changed',
  })
  assert.equal(narrowed(cache, tools('a', 'b')).ttlMs, 60_000)
  cache.changed('mail')
  assert.equal(narrowed(cache, tools('a', 'b')).ttlMs, 60_000)
  cache.changed('files')
  assert.equal(narrowed(cache, tools('a', 'b')).ttlMs, 0)
})

test('callers, servers, pages and resources are told apart', () => {
  const cache = new ListCache(60_000)
  narrowed(cache, tools('a'))
  const others: Listed[] = [
    { ...LISTED, caller: 'eve' },
    { ...LISTED, server: 'mail' },
    { ...LISTED, params: { cursor: '2' } },
    { ...LISTED, method: 'resources/read', params: { uri: 'a:b' } },
  ]
  for (const other of others) assert.equal(narrowed(cache, tools('b'), other).ttlMs, 60_000)
  assert.equal(narrowed(cache, tools('a')).ttlMs, 60_000)
})

test('what cannot be kept is left as it is', () => {
  const text = '{"jsonrpc":"2.0","id":1,"result":{"ttlMs":99}}'
  assert.deepEqual(new ListCache(1).narrow({ ...LISTED, method: 'tools/call' }, text, { ttlMs: 99 }), {
    edits: [],
  })
})

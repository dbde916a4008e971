import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../client/connect.ts'
import { complete } from './complete.ts'

async function offered(kind: string | undefined, answer: (path: string) => unknown): Promise<string> {
  let said = ''
  const client = {
    request: async ({ path }: { path: string }) => ({ status: 200, json: answer(path) }),
    close: () => undefined,
  } as unknown as Client
  const code = await complete(kind, async () => client, { write: (text) => (said += text) })
  assert.equal(code, 0)
  return said
}

test('the daemon’s agents and profiles are offered, each once', async () => {
  const answer = (path: string): unknown =>
    path === '/v1/runs'
      ? { runs: [{ agent: 'builder' }, { agent: 'builder' }, { agent: 'tester' }] }
      : { profiles: [{ name: 'task' }] }
  assert.equal(await offered('agent', answer), 'builder\ntester\n')
  assert.equal(await offered('profile', answer), 'task\n')
})

test('nothing a shell could expand is offered', async () => {
  const names = ['$(id)', '`id`', 'a b', '-x', '../x', 'a\nb', '', 7, null]
  assert.equal(await offered('agent', () => ({ runs: names.map((agent) => ({ agent })) })), '')
})

test('what cannot be answered offers nothing', async () => {
  assert.equal(await offered('secret', () => assert.fail('asked')), '')
  assert.equal(await offered('constructor', () => assert.fail('asked')), '')
  assert.equal(await offered(undefined, () => assert.fail('asked')), '')
  for (const wrong of [null, [], {}, { runs: 1 }, { runs: [null] }])
    assert.equal(await offered('agent', () => wrong), '')
  let said = ''
  const code = await complete('agent', () => Promise.reject(new Error('no daemon')), {
    write: (text) => (said += text),
  })
  assert.deepEqual([code, said], [0, ''])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WithheldTools } from '../mcp-withheld.ts'
import { WaysOut, type WaysOutOptions } from '../ways-out.ts'

test('a tool in quarantine is refused for everybody, until no incident holds it any more', () => {
  const forgotten = { times: 0 }
  const tools = new WithheldTools(() => void (forgotten.times += 1))
  tools.add('files', 'write', 'INC-1')
  tools.add('files', 'write', 'INC-2')
  assert.equal(forgotten.times, 2, 'answers that were given for a session are asked for again')
  const answer = tools.answer('files', { kind: 'tool', name: 'write' })
  assert.equal(answer?.effect, 'deny')
  assert.match(answer?.effect === 'deny' ? answer.reason : '', /INC-1/)
  assert.equal(tools.answer('files', { kind: 'tool', name: 'read' }), undefined)
  assert.equal(tools.answer('other', { kind: 'tool', name: 'write' }), undefined)
  tools.release('INC-1')
  assert.equal(tools.why('files', 'write'), 'INC-2')
  tools.release('INC-2')
  assert.equal(tools.answer('files', { kind: 'tool', name: 'write' }), undefined)
})

test('a blocked address is refused before anybody is asked, however it is written', async (t) => {
  const ways = new WaysOut({
    proxy: { end: async () => undefined },
    log: { error: (what: string) => assert.fail(what) },
  } as unknown as WaysOutOptions)
  t.after(() => ways.close())
  await ways.block('Evil.test')
  for (const host of ['evil.test', 'EVIL.TEST', 'evil.test.', '[evil.test]']) {
    const answer = await ways.ask('any-run', { host, port: 443 })
    assert.equal(answer.rule, 'containment.blocked', host)
  }
  assert.notEqual(
    (await ways.ask('any-run', { host: 'notevil.test', port: 443 })).rule,
    'containment.blocked',
  )
  ways.blocked.delete('evil.test')
  assert.notEqual((await ways.ask('any-run', { host: 'evil.test', port: 443 })).rule, 'containment.blocked')
})

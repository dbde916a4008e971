import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Incident, Order } from '../../contain/incident/index.ts'
import { Quarantine } from '../../contain/quarantine/index.ts'
import { WithheldTools } from '../mcp-withheld.ts'
import { quarantinePort } from './quarantining.ts'

test('what a server says is refused from the order on, also where it cannot be ended', async () => {
  const withheld = new WithheldTools(() => undefined)
  const port = quarantinePort({ mcp: { withheld } } as never)
  const order: Order = { action: 'quarantine', target: 'box', input: { kind: 'server' } }
  // nothing here can stop anything
  await assert.rejects(Promise.resolve(port.act(order, { id: 'INC-1' } as Incident)))
  assert.equal(withheld.why('box'), 'INC-1')
})

test('a file is in quarantine when it is gone from its place and its copy is whole, and not before', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'wq-'))
  t.after(() => rmSync(home, { recursive: true }))
  const [path, kept] = [join(home, 'model'), join(home, 'kept')]
  const quarantine = new Quarantine(kept, () => 7)
  const port = quarantinePort({ mcp: { withheld: new WithheldTools(() => undefined) }, quarantine } as never)
  const order: Order = { action: 'quarantine', target: path, input: { kind: 'file' } }
  const incident = { id: 'INC-1' } as Incident
  const seen = async () => (await port.look(order, incident)).evidence
  assert.match(await seen(), /it was not taken from here/)
  writeFileSync(path, 'weights')
  assert.match(await seen(), /is still there/)
  await port.act(order, incident)
  assert.match(await seen(), /^kept as [0-9a-f]{64}, 7 bytes/)
  writeFileSync(path, 'put back by somebody')
  assert.equal((await port.look(order, incident)).state, 'failed')
  await port.act(order, incident)
  assert.equal((await port.look(order, incident)).state, 'done')
  const object = join(kept, 'objects', quarantine.of(path, 'INC-1')?.sha256 ?? '')
  chmodSync(object, 0o600)
  writeFileSync(object, 'other')
  assert.match(await seen(), /is not what was taken/)
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { apply, confirm, rollBack, settle, type FirewallHost } from './change.ts'
import { FirewallError } from './errors.ts'
import type { NftInput } from './nft.ts'
import { requireNetAdmin } from './rights.ts'
import { FirewallState } from './state.ts'

const EMPTY = { sets: [], chains: [] }

/** A kernel in memory: it holds the last thing that was loaded. */
function house(context: TestContext, over: Partial<FirewallHost> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'warder-change-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const state = new FirewallState(join(directory, 'state'))
  const kernel = { loaded: [] as NftInput[], refuses: (_input: NftInput): boolean => false }
  const time = { ms: 1000 }
  const ids = { last: 0 }
  const host: FirewallHost = {
    nft: {
      check: async () => undefined,
      load: async (input) => {
        if (kernel.refuses(input)) throw new Error('refused')
        kernel.loaded.push(input)
      },
      text: async () => 'table inet warder {\n}\n',
    },
    state,
    clock: { now: () => time.ms, monotonicMs: () => time.ms },
    newId: () => `change-${++ids.last}`,
    boot: 'one',
    setWatch: async (id) => state.setWatch(id, { pid: 1, dueMs: time.ms + 60_000 }),
    ...over,
  }
  return { host, state, kernel, time, path: join(directory, 'state') }
}

test('of a confirmation and the end of its time only one counts, whichever comes first', async (context) => {
  const { host, state, kernel } = house(context)
  const { id } = await apply(host, EMPTY, 60_000)
  assert.equal(state.beginUndo(id), true)
  assert.equal(state.confirm(id), false)
  assert.equal(await settle(host), true)
  await apply(host, EMPTY, 60_000)
  const change = await confirm(host)
  const loaded = kernel.loaded.length
  assert.equal(await rollBack(host, change.id), undefined)
  assert.equal(kernel.loaded.length, loaded, 'what was confirmed was taken back')
})

test('a way back that was cut off is gone again by the next command', async (context) => {
  const { host, state, kernel } = house(context)
  await apply(host, EMPTY, 60_000)
  kernel.refuses = (input) => 'text' in input
  await assert.rejects(rollBack(host), { code: 'FIREWALL_NOT_BACK' })
  assert.notEqual(state.undoing(), undefined)
  await assert.rejects(confirm(host), { code: 'FIREWALL_NOT_BACK' })
  kernel.refuses = () => false
  assert.equal(await settle(host), true)
  assert.equal(state.undoing(), undefined)
})

test('rules that come too late, after they were taken back, are taken back again', async (context) => {
  const { host, state, kernel } = house(context)
  const slow: FirewallHost = {
    ...host,
    nft: {
      ...host.nft,
      load: async (input) => {
        if (!('text' in input) && state.pending() !== undefined) await rollBack(host)
        kernel.loaded.push(input)
      },
    },
  }
  await assert.rejects(apply(slow, EMPTY, 10), { code: 'FIREWALL_NOT_PENDING' })
  assert.ok('text' in (kernel.loaded.at(-1) ?? {}), 'the last word has the way back')
})

test('a way back the kernel would not take is found before anything is changed', async (context) => {
  const { host, kernel, state } = house(context)
  const check = async (input: NftInput) => {
    if ('text' in input) throw new Error('cannot be loaded again')
  }
  await assert.rejects(apply({ ...host, nft: { ...host.nft, check } }, EMPTY, 60_000), /loaded again/)
  assert.deepEqual([kernel.loaded.length, state.pending()], [0, undefined])
})

test('a boot has taken an unconfirmed change back already: nothing is loaded', async (context) => {
  const { host, kernel, state } = house(context)
  await apply(host, EMPTY, 60_000)
  const loaded = kernel.loaded.length
  assert.equal(await settle({ ...host, boot: 'two' }), true)
  assert.deepEqual([kernel.loaded.length, state.pending()], [loaded, undefined])
})

test('notes that are damaged stop everything, and say which file', async (context) => {
  const { host, path } = house(context)
  writeFileSync(join(path, 'pending-abcd.json'), '{"id":"abcd"', { mode: 0o600 })
  await assert.rejects(confirm(host), { code: 'FIREWALL_STATE', where: join(path, 'pending-abcd.json') })
})

test('without CAP_NET_ADMIN nothing begins, and the error says what is missing', () => {
  const status = (mask: string) => `Name:\tnode\nCapEff:\t${mask}\n`
  assert.throws(
    () => requireNetAdmin(status('0000000000000000'), 1000),
    (error: unknown) => error instanceof FirewallError && /CAP_NET_ADMIN.*uid 1000/.test(error.message),
  )
  assert.throws(() => requireNetAdmin('', 0), { code: 'FIREWALL_RIGHTS' })
  requireNetAdmin(status('0000000000001000'), 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaysOut, type Proxy, type WaysOutOptions } from './ways-out.ts'

type Usage = Awaited<ReturnType<Proxy['close']>>

/** Ways out through a proxy that says of each run, when it is ended, what the test wants. */
function waysThrough(t: { after(fn: () => Promise<void>): void }, close: Proxy['close']): WaysOut {
  const proxy = {
    open: async () => ({ authorityPem: undefined }),
    close,
    end: async () => undefined,
  }
  const ways = new WaysOut({
    proxy,
    ...{ runtimeDirectory: '/nowhere', missing: async () => undefined, lend: async () => [] },
    ...{ policyOf: () => ({ intercept: [], shapesOf: () => undefined }), monotonicMs: () => 0 },
  } as unknown as WaysOutOptions)
  t.after(() => ways.close())
  return ways
}

const ASKED = {
  profile: { name: 'agent', network: { mode: 'policy', via: 'proxy' } },
  ...{ agent: 'builder', secrets: [], principal: { id: 'builder' }, host: { uid: process.getuid?.() } },
} as never as Omit<Parameters<WaysOut['open']>[0], 'runId'>

test('of a way that is ended it is told what was open, or that nobody could say', async (t) => {
  const outward = { localPort: 1, address: '203.0.113.7', port: 443 }
  const said: Record<string, () => Promise<unknown>> = {
    'run-one': async () => ({ places: [], outward: [outward] }),
    'run-two': async () => ({ places: [] }), // it ended before it had counted
    'run-three': async () => {
      throw new Error('the proxy is gone')
    },
    'run-four': async () => ({ places: [], outward: [] }),
  }
  const ways = waysThrough(t, async (runId) => (await said[runId]!()) as Usage)
  for (const runId of Object.keys(said)) await ways.open({ ...ASKED, runId })
  assert.deepEqual(await ways.endWhere(() => true), { ways: 4, untold: 2, open: [outward] })
  assert.deepEqual(await ways.endWhere(() => true), { ways: 0, untold: 0, open: [] })
})

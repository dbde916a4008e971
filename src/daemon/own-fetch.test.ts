import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { internet, type Internet } from '../../test/kit/internet.ts'
import type { PolicyDocument } from '../decide/policy/index.ts'
import type { EgressEvent } from '../enforce/egress/index.ts'
import { systemClock } from '../platform/clock.ts'
import { ownFetch } from './own-fetch.ts'

const [HOOK, OTHER] = ['hook.test', 'other.test']
const SETTING = 'approval.webhook_url'

async function reaching(t: TestContext, serve?: (url: string) => string | undefined) {
  const directory = mkdtempSync(join(tmpdir(), 'own-fetch-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const world: Internet = await internet(t, {
    names: [HOOK, OTHER],
    directory,
    serve: ({ url = '' }, _body, response) => {
      const location = serve?.(url)
      response.writeHead(location === undefined ? 200 : 307, location === undefined ? {} : { location })
      response.end('heard')
    },
  })
  const state: { policy: PolicyDocument } = { policy: { version: 1 } }
  const events: EgressEvent[] = []
  const values = {
    'egress.upstream_proxy': undefined,
    'egress.upstream_secret': undefined,
    'egress.roots': world.environment['WARDER_EGRESS_ROOTS'],
    'egress.resolver': world.environment['WARDER_EGRESS_RESOLVER'],
  }
  const url = new URL(`https://${HOOK}:${world.port}/told`)
  const fetch = ownFetch(
    { setting: SETTING, url, name: 'warder:approval' },
    {
      ...{ values, clock: systemClock, warn: assert.fail, policy: () => state.policy },
      record: async (event) => void events.push(event),
    },
  )
  const listed = (more: object = {}): PolicyDocument => ({
    version: 1,
    egress: [{ id: 'own', hosts: [HOOK], addresses: ['127.0.0.0/8'], ...more }],
  })
  return { world, state, events, url: url.href, fetch, listed }
}

test('a name that stands for an address inside is refused, until the policy says that it may, and again when it no longer does', async (t) => {
  const { world, state, events, url, fetch, listed } = await reaching(t)
  const isRefused = { code: 'EGRESS_REFUSED', fix: /egress:.*hosts: \["hook\.test"\]/ }
  await assert.rejects(fetch(url, { method: 'POST', body: 'a question' }), isRefused)
  state.policy = listed({ agents: ['builder'] }) // what an agent may reach says nothing of Warder itself
  await assert.rejects(fetch(url), isRefused)
  state.policy = listed({ ports: [1] })
  await assert.rejects(fetch(url), isRefused)
  assert.equal(world.arrived(), '')
  state.policy = listed()
  assert.equal((await fetch(url, { method: 'POST', body: 'a question' })).status, 200)
  assert.match(world.arrived(), /^POST \/told[^]*a question$/)
  const allowed = events.find((event) => event.kind === 'decision' && event.verdict === 'allow')
  assert.deepEqual(allowed?.kind === 'decision' && [allowed.agent, allowed.host, allowed.rule], [
    'warder:approval',
    HOOK,
    SETTING,
  ])
  state.policy = { version: 1 }
  await assert.rejects(fetch(url), isRefused)
  assert.equal(world.arrived().match(/POST/g)?.length, 1)
})

test('no other place is reached: not by its address, and not because an answer leads there', async (t) => {
  const to: { other?: string } = {}
  const { world, state, url, fetch, listed } = await reaching(t, (path) =>
    path === '/told' ? to.other : undefined,
  )
  state.policy = listed({ hosts: [HOOK, OTHER] })
  to.other = `https://${OTHER}:${world.port}/elsewhere`
  await assert.rejects(fetch(to.other), { code: 'EGRESS_REFUSED' })
  await assert.rejects(fetch(url), { code: 'EGRESS_REFUSED' })
  await assert.rejects(fetch(url, { redirects: 0 }), { code: 'EGRESS_REDIRECTED' })
  assert.doesNotMatch(world.arrived(), /elsewhere/)
})

test('who asks for no answer any more is let go at once', async (t) => {
  const { state, url, fetch, listed } = await reaching(t, () => '/told?again')
  state.policy = listed()
  await assert.rejects(fetch(url, { signal: AbortSignal.abort(), timeoutMs: 60_000 }), {
    code: 'EGRESS_UNREACHABLE',
  })
})

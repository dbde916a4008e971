import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Action } from '../core/action.ts'
import type { Decision, Effect } from '../core/decision.ts'
import { newId } from '../core/id.ts'
import { PermitError, type Permit } from '../core/permit.ts'
import type { RiskLevel } from '../core/risk.ts'
import { createRecorder, DeniedError, pass, PermitBook, permitOf, throughDoor } from './index.ts'
import type { GateEvent, Refusal, Request, Rooms } from './index.ts'

const BYTES = 'a'.repeat(64)

function answer(effect: Effect, rule = 'test.rule'): Decision {
  const evidence = {
    domain: 'tool_access',
    policyDigest: 'd',
    inputHash: 'i',
    epoch: 1,
    microseconds: 1,
  } as const
  return { effect, layer: 'policy', rule, reason: `it is ${effect}`, capabilities: [], evidence }
}

function house(
  judgement: () => Decision,
  { ledgerIsDown = false, contained = (): Decision | undefined => undefined } = {},
) {
  const events: GateEvent[] = []
  const refusals: Refusal[] = []
  const clock = { now: 1_000_000 }
  const permits = new PermitBook({
    mac: (text) => createHmac('sha256', 'a key of this test').update(text).digest(),
    lifetimeMs: 30_000,
    now: () => clock.now,
    refused: (refusal) => refusals.push(refusal),
    settled: async (claims, outcome) => {
      events.push({ permit_id: claims.id, result: outcome.result } as GateEvent)
    },
  })
  const log = {
    append: async (event: GateEvent) => {
      if (ledgerIsDown) throw new Error('disk full')
      events.push(event)
      return { seq: events.length }
    },
  }
  const rooms: Rooms = {
    identify: () => Object.freeze({ id: 'builder', role: 'agent', channel: 'library' }),
    inspect: async (_who, action) => action,
    contained,
    decide: judgement,
    ask: async () => answer('allow', 'human'),
    record: createRecorder({ log, permits, newId, epoch: () => 1, judge: () => contained() ?? judgement() }),
  }
  return { rooms, permits, events, refusals, clock }
}

function request(risk: RiskLevel = 'medium'): Request {
  const action: Action = {
    namespace: 'process',
    verb: 'spawn',
    resource: '/usr/bin/true',
    risk,
    bytes: BYTES,
  }
  return { id: newId(), credential: { kind: 'library' }, action, door: 'sandbox' }
}

test('an allow carries a permit and was written down first; a deny carries none', async () => {
  const { rooms, events } = house(() => answer('allow'))
  const verdict = await pass(request(), rooms)
  assert.equal(verdict.entry, 1)
  assert.equal(events[0]?.permit_id, permitOf(verdict).claims.id)
  const refused = await pass(request(), house(() => answer('deny')).rooms)
  assert.equal(refused.permit, undefined)
  assert.throws(() => permitOf(refused), DeniedError)
})

test('whichever room throws, there is no verdict', async () => {
  for (const room of ['identify', 'inspect', 'contained', 'decide', 'record'] as const) {
    const { rooms, permits } = house(() => answer('allow'))
    const broken: Rooms = {
      ...rooms,
      [room]: () => {
        throw new Error(`${room} broke`)
      },
    }
    await assert.rejects(pass(request(), broken), new RegExp(`${room} broke`))
    assert.equal(
      permits.cancel(() => true, 'stopped'),
      0,
    )
  }
})

test('a stop or a new rule that came while a human was asked beats the yes', async () => {
  let effect: Effect = 'ask'
  const { rooms } = house(() => answer(effect))
  const asked: Rooms = {
    ...rooms,
    ask: async () => {
      effect = 'deny'
      return answer('allow')
    },
  }
  assert.equal((await pass(request(), asked)).decision.effect, 'deny')
})

test('a permit opens its door once', async () => {
  const { rooms, permits, refusals } = house(() => answer('allow'))
  const permit = permitOf(await pass(request(), rooms))
  permits.redeem(permit, 'sandbox', BYTES)
  assert.throws(() => permits.redeem(permit, 'sandbox', BYTES), { code: 'PERMIT_USED' })
  assert.equal(refusals[0]?.code, 'PERMIT_USED')
})

test('a permit for other bytes or another door opens nothing, and stays whole', async () => {
  const { rooms, permits } = house(() => answer('allow'))
  const permit = permitOf(await pass(request(), rooms))
  assert.throws(() => permits.redeem(permit, 'sandbox', 'b'.repeat(64)), { code: 'PERMIT_MISMATCH' })
  assert.throws(() => permits.redeem(permit, 'grants', BYTES), { code: 'PERMIT_MISMATCH' })
  permits.redeem(permit, 'sandbox', BYTES)
})

test('a permit expires', async () => {
  const { rooms, permits, clock } = house(() => answer('allow'))
  const permit = permitOf(await pass(request(), rooms))
  clock.now += 30_000
  assert.throws(() => permits.redeem(permit, 'sandbox', BYTES), { code: 'PERMIT_EXPIRED' })
})

test('a copy of a permit, however exact, is a forgery', async () => {
  const { rooms, permits } = house(() => answer('allow'))
  const permit = permitOf(await pass(request(), rooms))
  const copies = [
    { ...permit },
    JSON.parse(JSON.stringify(permit)),
    Object.create(permit),
    undefined,
    { claims: permit.claims },
  ]
  for (const copy of copies) {
    assert.throws(() => permits.redeem(copy as Permit, 'sandbox', BYTES), { code: 'PERMIT_FORGED' })
  }
})

test('a token finds its permit only when every byte is the one that was issued', async () => {
  const { rooms, permits } = house(() => answer('allow'))
  const { token } = permitOf(await pass(request(), rooms))
  assert.equal(permits.find(token, 'sandbox').token, token)
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'B', 'a', 'b', '0', '1', '-', '_', '.'),
      (at, char) => {
        const altered = token.slice(0, at) + char + token.slice(at + 1)
        if (altered !== token) assert.throws(() => permits.find(altered, 'sandbox'), PermitError)
      },
    ),
  )
  for (const text of ['', '.', 'a.b', `${token}.`, `${token}A`])
    assert.throws(() => permits.find(text, 'sandbox'), PermitError)
})

test('a permit of another gate opens nothing here', async () => {
  const one = house(() => answer('allow'))
  const other = house(() => answer('allow'))
  const permit = permitOf(await pass(request(), one.rooms))
  assert.throws(() => other.permits.redeem(permit, 'sandbox', BYTES), { code: 'PERMIT_FORGED' })
  assert.throws(() => other.permits.find(permit.token, 'sandbox'), { code: 'PERMIT_FORGED' })
})

test('policy that changed between decision and act closes the door', async () => {
  let effect: Effect = 'allow'
  const { rooms, permits } = house(() => answer(effect))
  const permit = permitOf(await pass(request(), rooms))
  effect = 'deny'
  assert.throws(() => permits.redeem(permit, 'sandbox', BYTES), { code: 'PERMIT_OVERTAKEN' })
})

test('a stop between decision and act closes the door, and so does an error in asking', async () => {
  let stopped: Decision | undefined
  const { rooms, permits } = house(() => answer('allow'), { contained: () => stopped })
  const first = permitOf(await pass(request(), rooms))
  const second = permitOf(await pass(request(), rooms))
  stopped = answer('deny', 'containment.all')
  assert.throws(() => permits.redeem(first, 'sandbox', BYTES), { code: 'PERMIT_OVERTAKEN' })
  stopped = undefined
  permits.redeem(second, 'sandbox', BYTES)
})

test('cancelled permits open nothing', async () => {
  const { rooms, permits } = house(() => answer('allow'))
  const permit = permitOf(await pass(request(), rooms))
  assert.equal(
    permits.cancel(({ principal }) => principal === 'builder', 'stopped by owner'),
    1,
  )
  assert.throws(() => permits.redeem(permit, 'sandbox', BYTES), {
    code: 'PERMIT_OVERTAKEN',
    message: /stopped by owner/,
  })
})

test('with the ledger down, medium risk and above is refused and low risk goes on without a number', async () => {
  for (const risk of ['medium', 'high', 'critical'] as const) {
    const { decision, permit } = await pass(
      request(risk),
      house(() => answer('allow'), { ledgerIsDown: true }).rooms,
    )
    assert.deepEqual([decision.effect, decision.layer, permit], ['deny', 'ledger', undefined])
  }
  const low = await pass(request('low'), house(() => answer('allow'), { ledgerIsDown: true }).rooms)
  assert.deepEqual([low.decision.effect, low.entry], ['allow', undefined])
})

test('an outcome is settled once, whether the act succeeds or throws', async () => {
  const { rooms, permits, events } = house(() => answer('allow'))
  const at = (permit: Permit) => ({ permit, door: 'sandbox', bytes: BYTES }) as const
  const good = permitOf(await pass(request(), rooms))
  assert.equal(await throughDoor(permits, at(good), () => 7, performance.now.bind(performance)), 7)
  await permits.settle(good, { result: 'failure', durationMs: 1 })
  const bad = permitOf(await pass(request(), rooms))
  const broken = throughDoor(
    permits,
    at(bad),
    () => Promise.reject(new Error('no')),
    performance.now.bind(performance),
  )
  await assert.rejects(broken, /no/)
  const outcomes = events.filter(({ decision }) => decision === undefined).map(({ result }) => result)
  assert.deepEqual(outcomes, ['success', 'error'])
})

test('a permit that was taken back has no outcome, for nothing was done with it', async () => {
  const { rooms, permits, events } = house(() => answer('allow'))
  const permit = permitOf(await pass(request(), rooms))
  permits.cancel(() => true, 'stopped')
  await permits.settle(permit, { result: 'success', durationMs: 1 })
  assert.equal(events.length, 1)
})

test('a permit that was taken back is forgotten in time like any other', async () => {
  const { rooms, permits, clock } = house(() => answer('allow'))
  const { token } = permitOf(await pass(request(), rooms))
  permits.cancel(() => true, 'stopped')
  assert.equal(permits.find(token, 'sandbox').token, token)
  clock.now += 200_000
  await pass(request(), rooms)
  assert.throws(() => permits.find(token, 'sandbox'), { code: 'PERMIT_FORGED' })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CODE_SYMBOLS, newCode, readCode, shownCode } from './index.ts'
import {
  device,
  NOW,
  peopleAt,
  proof,
  signedBy,
  terms,
  testKey,
  type TestKey,
  type TestPeople,
} from './people.test-kit.ts'

const unknown = { code: 'PAIRING_UNKNOWN' }

test('every symbol of a code is as likely as every other, and every five random bytes give another code', () => {
  assert.equal(new Set(CODE_SYMBOLS).size, 32)
  assert.doesNotMatch(CODE_SYMBOLS, /[IO01]/)
  const counts = new Map<string, number>()
  const rounds = 20_000
  for (let i = 0; i < rounds; i++)
    for (const symbol of newCode()) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  const expected = (rounds * 8) / 32
  const chi = Array.from(CODE_SYMBOLS).reduce(
    (sum, symbol) => sum + ((counts.get(symbol) ?? 0) - expected) ** 2 / expected,
    0,
  )
  assert.ok(chi < 90, `chi squared ${chi} with 31 degrees of freedom`) // 90 is exceeded once in ten million runs
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5, maxLength: 5 }), (bytes) => {
      const code = newCode(() => Buffer.from(bytes))
      const back = Array.from(code).reduce(
        (sum, symbol) => sum * 32n + BigInt(CODE_SYMBOLS.indexOf(symbol)),
        0n,
      )
      assert.equal(back, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
    }),
  )
})

test('a code is read in any case, with dashes or blanks, and as nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 5, maxLength: 5 }), (bytes) => {
      const code = newCode(() => Buffer.from(bytes))
      for (const typed of [
        code,
        code.toLowerCase(),
        shownCode(code),
        ` ${code.slice(0, 3)} ${code.slice(3)} `,
      ]) {
        assert.equal(readCode(typed), code)
      }
    }),
  )
  for (const no of ['', 'ABCDEFG', 'ABCDEFGHJ', 'ABCDEFG0', 'ABCDEFGI', 'ÄBCDEFGH', '12345678']) {
    assert.equal(readCode(no), undefined, no)
  }
})

test('requested, approved, proven: only then is there a token, and the code is kept nowhere', () => {
  const people = peopleAt()
  const by = testKey()
  const asked = device(people, by)
  assert.equal(JSON.stringify(people.store.rows()).includes(asked.code), false)
  assert.throws(() => people.pairings.prove(asked.pairing.id, proof(people, asked, by)), {
    code: 'PAIRING_STATE',
  })
  people.pairings.approve(asked.code.toLowerCase(), terms)
  assert.equal(people.members.list('device').length, 0)
  const { member, token } = people.pairings.prove(asked.pairing.id, proof(people, asked, by))
  assert.deepEqual([member.name, member.publicKey, member.scope], ['laptop', by.publicKey, ['monitor:read']])
  assert.ok(token.startsWith('wm1.'))
  assert.deepEqual(people.seen.joined, [member])
  assert.throws(() => people.pairings.prove(asked.pairing.id, proof(people, asked, by)), {
    code: 'PAIRING_STATE',
  })
  assert.throws(() => people.pairings.approve(asked.code, terms), unknown)
})

test('a key that was swapped between the steps, another code, another host or another pairing proves nothing', () => {
  const people = peopleAt()
  const by = testKey()
  const other = testKey()
  const asked = device(people, by)
  const neighbour = device(people, other, 'phone')
  people.pairings.approve(asked.code, terms)
  const right = proof(people, asked, by)
  const { id } = asked.pairing
  const text = ['warder/pairing/v1', id, asked.pairing.nonce, asked.code, by.publicKey, other.publicKey].join(
    '\n',
  )
  const wrong = [
    proof(people, asked, other),
    { ...right, code: neighbour.code },
    { ...right, signature: '' },
    { ...right, signature: signedBy(by, text) }, // over another host's key
  ]
  for (const each of wrong) assert.throws(() => people.pairings.prove(id, each), { code: 'PROOF_INVALID' })
  assert.equal(people.pairings.get(id).tries, 4)
  assert.equal(people.pairings.prove(id, right).member.publicKey, by.publicKey)
})

test('five wrong proofs cancel a pairing, and the right one comes too late', () => {
  const people = peopleAt()
  const by = testKey()
  const asked = device(people, by)
  people.pairings.approve(asked.code, terms)
  const right = proof(people, asked, by)
  for (let i = 0; i < 5; i++) {
    assert.throws(() => people.pairings.prove(asked.pairing.id, { ...right, signature: 'AAAA' }), {
      code: 'PROOF_INVALID',
    })
  }
  assert.equal(people.again().pairings.get(asked.pairing.id).state, 'cancelled')
  assert.throws(() => people.pairings.prove(asked.pairing.id, right), { code: 'PAIRING_STATE' })
})

test('five wrong codes cancel everything that waits, and then nothing is tried for a minute', () => {
  const people = peopleAt()
  const asked = device(people, testKey())
  const typed = newCode(() => Buffer.alloc(5))
  for (let i = 0; i < 5; i++) assert.throws(() => people.pairings.look(typed), unknown)
  assert.equal(people.pairings.get(asked.pairing.id).state, 'cancelled')
  const next = device(people, testKey(), 'phone')
  assert.throws(() => people.pairings.approve(next.code, terms), { code: 'LOCKED_OUT' })
  assert.throws(() => people.again().pairings.approve(next.code, terms), { code: 'LOCKED_OUT' })
  people.clock.now += 60_000
  assert.equal(people.pairings.approve(next.code, terms).state, 'approved')
})

test('ten wait at most, four of one user, thirty in an hour; a restart makes no room', () => {
  const people = peopleAt()
  for (let i = 0; i < 4; i++) device(people, testKey(), `mine-${i}`, 7)
  assert.throws(() => device(people, testKey(), 'mine-5', 7), { code: 'PEOPLE_FULL' })
  for (let i = 0; i < 6; i++) device(people, testKey(), `d-${i}`, 100 + i)
  assert.throws(() => device(people, testKey(), 'eleventh', 99), { code: 'PEOPLE_FULL' })
  for (let more = 0; more < 2; more++) {
    people.clock.now += 300_000
    for (let i = 0; i < 10; i++) device(people, testKey(), `e-${more}-${i}`, 100 + i)
  }
  people.clock.now += 300_000
  assert.throws(() => device(people.again(), testKey(), 'late', 5), { code: 'PEOPLE_BUSY' })
  people.clock.now += 3_600_000
  device(people, testKey(), 'late', 5)
})

test('a device that asks again has one pairing, with a new code', () => {
  const people = peopleAt()
  const by = testKey()
  const first = device(people, by)
  const second = device(people, by)
  assert.equal(people.pairings.get(first.pairing.id).state, 'cancelled')
  assert.throws(() => people.pairings.look(first.code), unknown)
  assert.equal(people.pairings.look(second.code).id, second.pairing.id)
})

test('two pairings never wait under one code', () => {
  const codes = ['AAAAAAAA', 'AAAAAAAA', 'AAAAAAAA', 'BBBBBBBB']
  const people = peopleAt(undefined, { now: NOW }, () => codes.shift() ?? 'AAAAAAAA')
  assert.equal(device(people, testKey(), 'a').code, 'AAAAAAAA')
  assert.equal(device(people, testKey(), 'b').code, 'BBBBBBBB')
  assert.throws(() => device(people, testKey(), 'c'), /ten random codes/)
})

test('a placeholder, a weak key and a key of another kind are refused', () => {
  const people = peopleAt()
  for (const publicKey of [
    '',
    'AAAA',
    Buffer.alloc(32).toString('base64url'),
    Buffer.alloc(32, 255).toString('base64url'),
  ]) {
    assert.throws(() => device(people, { ...testKey(), publicKey }), { code: 'PROOF_INVALID' }, publicKey)
  }
})

// The state machine against a reference: what may happen next depends on state, time and tries alone.

interface Model {
  state: 'none' | 'requested' | 'approved' | 'active' | 'rejected' | 'expired' | 'cancelled'
  deadline: number
  tries: number
  /** Of wrong codes in a row, and until when nothing is tried. */
  codeFailures: number
  lockedUntil: number
}
interface Real {
  readonly people: TestPeople
  readonly by: TestKey
  asked?: ReturnType<typeof device>
}
type Step = 'request' | 'approve' | 'approveWrong' | 'reject' | 'prove' | 'proveWrong' | 'restart'

const WRONG = '22222222'

function age(model: Model, now: number): void {
  if ((model.state === 'requested' || model.state === 'approved') && now >= model.deadline)
    model.state = 'expired'
}

/** What the reference says of a step: the code of a refusal, or `ok`. */
function expected(model: Model, step: Step, now: number): string {
  age(model, now)
  const isOpen = model.state === 'requested' || model.state === 'approved'
  const byCode = (isRight: boolean, next: Model['state']): string => {
    if (now < model.lockedUntil) return 'LOCKED_OUT'
    if (isRight && model.state === 'requested') {
      model.codeFailures = 0
      model.lockedUntil = 0
      model.state = next
      return 'ok'
    }
    model.codeFailures += 1
    if (model.codeFailures >= 5) model.lockedUntil = now + (model.codeFailures >= 15 ? 900_000 : 60_000)
    if (isOpen) model.tries += 1
    if (isOpen && model.tries >= 5) model.state = 'cancelled'
    return 'PAIRING_UNKNOWN'
  }
  switch (step) {
    case 'request':
      Object.assign(model, { state: 'requested', deadline: now + 300_000, tries: 0 })
      return 'ok'
    case 'approve': {
      const answer = byCode(true, 'approved')
      if (answer === 'ok') model.deadline = now + 300_000
      return answer
    }
    case 'approveWrong':
      return byCode(false, 'approved')
    case 'reject':
      if (!isOpen) return byCode(true, 'rejected')
      model.state = 'rejected'
      return 'ok'
    case 'prove':
      if (model.state !== 'approved') return model.state === 'none' ? 'PAIRING_UNKNOWN' : 'PAIRING_STATE'
      model.state = 'active'
      return 'ok'
    case 'proveWrong':
      if (model.state !== 'approved') return model.state === 'none' ? 'PAIRING_UNKNOWN' : 'PAIRING_STATE'
      model.tries += 1
      if (model.tries >= 5) model.state = 'cancelled'
      return 'PROOF_INVALID'
    case 'restart':
      return 'ok'
  }
}

function done(real: Real, step: Step): string {
  const { people, by, asked } = real
  const id = asked?.pairing.id ?? 'none'
  try {
    if (step === 'request') real.asked = device(people, by)
    if (step === 'approve') people.pairings.approve(asked?.code ?? WRONG, terms)
    if (step === 'approveWrong') people.pairings.approve(WRONG, terms)
    if (step === 'reject')
      people.pairings.reject(asked === undefined ? WRONG : isOpen(people, id) ? id : asked.code)
    if (step === 'prove')
      people.pairings.prove(
        id,
        asked === undefined ? { code: WRONG, signature: '' } : proof(people, asked, by),
      )
    if (step === 'proveWrong') people.pairings.prove(id, { code: asked?.code ?? WRONG, signature: 'AAAA' })
    return 'ok'
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}

function isOpen(people: TestPeople, id: string): boolean {
  return people.pairings.pending().some((each) => each.id === id)
}

test('whatever comes in whatever order, the pairing goes only where the reference goes', () => {
  const steps = fc.constantFrom<Step>(
    'request',
    'approve',
    'approveWrong',
    'reject',
    'prove',
    'proveWrong',
    'restart',
  )
  const waits = fc.constantFrom(0, 0, 1000, 61_000, 299_999, 300_000)
  fc.assert(
    fc.property(fc.array(fc.tuple(steps, waits), { maxLength: 25 }), (script) => {
      const clock = { now: NOW }
      const model: Model = { state: 'none', deadline: 0, tries: 0, codeFailures: 0, lockedUntil: 0 }
      let real: Real = { people: peopleAt(undefined, clock), by: testKey() }
      for (const [step, waitMs] of script) {
        clock.now += waitMs
        if (model.state === 'active') return // a name is taken for good: another device would begin
        if (step === 'restart') real = { ...real, people: real.people.again() }
        assert.equal(done(real, step), expected(model, step, clock.now), `${step} in ${model.state}`)
        if (real.asked === undefined) continue
        age(model, clock.now)
        assert.equal(real.people.pairings.get(real.asked.pairing.id).state, model.state)
        assert.equal(real.people.members.list('device').length, stateOf(model) === 'active' ? 1 : 0)
      }
    }),
    { numRuns: 150 },
  )
})

/** As it is now: a step may have changed it. */
function stateOf({ state }: Model): Model['state'] {
  return state
}

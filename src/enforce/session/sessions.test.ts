import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  LIVENESS,
  memorySessionStore,
  nonceIn,
  newNonce,
  SessionBook,
  HookError,
  type HookCall,
  type Session,
} from './index.ts'

const CALL: HookCall = {
  ...{
    harness: 'claude-code',
    event: 'PreToolUse',
    moment: 'before',
    session: 's',
    cwd: '/w',
    mode: 'default',
  },
  ...{ tool: 'Bash', input: { command: 'ls' }, toolUse: 'u1' },
}

interface World {
  book: SessionBook
  now: number
  readonly locks: Session[]
  /** Ids of processes that are there. */
  readonly alive: Set<number>
  readonly gone: string[]
  readonly store: ReturnType<typeof memorySessionStore>
}

function world(): World {
  const made: World = {
    ...{ now: 1_000_000, locks: [], alive: new Set<number>(), gone: [] },
    ...{ store: memorySessionStore(), book: undefined as never },
  }
  made.book = open(made)
  return made
}

function open(made: World): SessionBook {
  return new SessionBook({
    store: made.store,
    now: () => made.now,
    newNonce,
    onLock: (session) => made.locks.push(session),
    isAlive: ({ pid, startTime }) => made.alive.has(pid) && startTime === `at ${pid}`,
    onGone: ({ id }) => made.gone.push(id),
  })
}

/** Attempts the marked call the session was told about. */
function prove({ book }: World, call = CALL): string {
  const nonce = book.of(call).marker?.nonce ?? ''
  assert.equal(book.before(call, nonce).standing, 'marker')
  book.tell(call, 'refused')
  return nonce
}

test('nothing is allowed in a session before its marked call was attempted', () => {
  const { book, ...rest } = world()
  assert.equal(book.before(CALL, undefined).standing, 'unproven')
  assert.equal(book.before(CALL, newNonce()).standing, 'unproven', 'the mark of another session is none')
  prove({ book, ...rest })
  assert.equal(book.before(CALL, undefined).standing, 'proven')
})

test('a marked call is refused each time, and never proves twice', () => {
  const made = world()
  const nonce = prove(made)
  assert.equal(made.book.before(CALL, nonce).standing, 'marker')
  assert.equal(made.book.list()[0]?.provenAt, made.now)
})

test('a session that never attempts it is locked: after some calls, or after some time', () => {
  const made = world()
  for (let i = 0; i < LIVENESS.mostWaited; i += 1) {
    assert.equal(made.book.before(CALL, undefined).standing, 'unproven')
  }
  assert.equal(made.book.before(CALL, undefined).standing, 'locked')
  assert.match(made.locks[0]?.lock?.why ?? '', /goes on without the marked call/)

  const slow = world()
  slow.book.before(CALL, undefined)
  slow.now += 1000
  slow.book.before(CALL, undefined)
  slow.now += LIVENESS.lockAfterMs
  slow.book.sweep()
  assert.match(slow.locks[0]?.lock?.why ?? '', /never attempted/)
})

test('a session that says nothing after its start is left alone: nobody has worked in it', () => {
  const made = world()
  made.book.of({ ...CALL, moment: 'start' })
  made.now += LIVENESS.lockAfterMs * 2
  made.book.sweep()
  assert.equal(made.locks.length, 0)
})

test('a harness that does not heed the refusal is found out: the marked call ran, or says so itself', () => {
  const heard = world()
  prove(heard)
  assert.match(heard.book.after({ ...CALL, moment: 'after' }).lock?.why ?? '', /ran although it was refused/)
  assert.equal(heard.book.before({ ...CALL, toolUse: 'u2' }, undefined).standing, 'locked')

  const told = world()
  const nonce = prove(told)
  assert.equal(told.book.ran(nonce)?.id, 's')
  assert.equal(told.book.ran(newNonce()), undefined)
  assert.equal(told.locks.length, 1, 'told once')
})

test('any other refused call that runs is noticed as well, with or without an id of its own', () => {
  for (const toolUse of ['u9', '']) {
    const made = world()
    prove(made)
    const call = { ...CALL, toolUse, input: { command: 'rm x' } }
    made.book.before(call, undefined)
    made.book.tell(call, 'refused')
    assert.notEqual(made.book.after({ ...call, moment: 'after' }).lock, undefined)
  }
})

test('a call that ran without its hook having been asked locks the session; one that was allowed does not', () => {
  const made = world()
  prove(made)
  made.book.before({ ...CALL, toolUse: 'u2' }, undefined)
  made.book.tell({ ...CALL, toolUse: 'u2' }, 'allowed')
  assert.equal(made.book.after({ ...CALL, toolUse: 'u2', moment: 'after' }).lock, undefined)
  assert.match(
    made.book.after({ ...CALL, toolUse: 'u3', moment: 'after' }).lock?.why ?? '',
    /without its hook/,
  )
})

test('of two answers to one call the refusal counts', () => {
  const made = world()
  prove(made)
  const call = { ...CALL, toolUse: 'u4' }
  made.book.tell(call, 'refused')
  made.book.tell(call, 'allowed')
  assert.notEqual(made.book.after({ ...call, moment: 'after' }).lock, undefined)
})

test('from time to time it is asked for again: at first beside the work, then before it', () => {
  const made = world()
  prove(made)
  made.now += LIVENESS.everyMs
  const again = { ...CALL, toolUse: 'u5' }
  assert.equal(made.book.before(again, undefined).standing, 'proven')
  assert.notEqual(made.book.list()[0]?.marker, undefined)
  made.now += LIVENESS.graceMs
  assert.equal(made.book.before(again, undefined).standing, 'unproven')
  prove(made, { ...CALL, toolUse: 'u6' })
  assert.equal(made.book.before(again, undefined).standing, 'proven')
})

test('a lock survives a restart, the end of the session, and a crowd of others; only its owner lifts it', () => {
  const made = world()
  made.book.ran(prove(made))
  made.book.end({ ...CALL, moment: 'end' })
  made.book = open(made)
  assert.equal(made.book.before(CALL, undefined).standing, 'locked')
  for (let i = 0; i < 600; i += 1) made.book.of({ ...CALL, session: `other-${i}` })
  assert.equal(made.book.before(CALL, undefined).standing, 'locked')
  assert.ok(made.book.list().length <= 501)
  assert.throws(() => made.book.release('nobody'), HookError)
  made.book.release('s')
  assert.equal(made.book.before(CALL, undefined).standing, 'unproven', 'it has to prove itself again')
})

test('after a restart a call that ran is not held against a session nobody remembers the answers of', () => {
  const made = world()
  prove(made)
  made.book = open(made)
  assert.equal(made.book.after({ ...CALL, toolUse: 'u7', moment: 'after' }).lock, undefined)
  assert.equal(made.book.before(CALL, undefined).standing, 'proven')
  made.now += 600_000
  const late = { ...CALL, toolUse: 'u8', input: { command: 'never asked' }, moment: 'after' } as const
  assert.notEqual(made.book.after(late).lock, undefined, 'but not for ever')
})

test('a command without an id that was refused once and allowed later may run', () => {
  const made = world()
  prove(made)
  const call = { ...CALL, toolUse: '', input: { command: 'ls' } }
  made.book.tell(call, 'refused')
  made.book.tell(call, 'allowed')
  assert.equal(made.book.after({ ...call, moment: 'after' }).lock, undefined)
})

test('whatever happens in whatever order, a session that was locked stays locked until it is released', () => {
  const step = fc.constantFrom('before', 'marker', 'after', 'ran', 'end', 'sweep', 'restart', 'hour')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const made = world()
      let wasLocked = false
      for (const [i, what] of steps.entries()) {
        const call = { ...CALL, toolUse: `u${i}` }
        const nonce = made.book.list()[0]?.marker?.nonce
        if (what === 'before') made.book.before(call, undefined)
        else if (what === 'marker') made.book.before(call, nonce)
        else if (what === 'after') made.book.after({ ...call, moment: 'after' })
        else if (what === 'ran') made.book.ran(nonce ?? '')
        else if (what === 'end') made.book.end(call)
        else if (what === 'sweep') made.book.sweep()
        else if (what === 'restart') made.book = open(made)
        else made.now += 3_600_000
        const isLocked = made.book.list().some(({ lock }) => lock !== undefined)
        if (wasLocked) assert.ok(isLocked, `${what} let it go`)
        if (isLocked) assert.equal(made.book.before(call, nonce).standing, 'locked')
        wasLocked = isLocked
      }
    }),
  )
})

test('a nonce is found wherever it stands in a call', () => {
  const nonce = newNonce()
  assert.equal(nonceIn(JSON.stringify({ command: `x ${nonce}; y` })), nonce)
  assert.equal(nonceIn('warder-liveness-short'), undefined)
})

const HOUR_MS = 3_600_000
const process = (pid: number, startTime = `at ${pid}`) => ({ pid, startTime })

test('a session keeps its daemon up while its harness is there, and no longer', () => {
  const made = world()
  made.alive.add(7)
  made.book.behind(CALL, process(7))
  assert.equal(made.book.isBusy(), true)
  made.now += 23 * HOUR_MS
  assert.equal(made.book.isBusy(), true, 'left open over night')
  made.alive.delete(7)
  assert.equal(made.book.isBusy(), false)
  assert.equal(made.book.isBusy(), false)
  made.book.sweep()
  assert.deepEqual(made.gone, ['s'], 'told once')
  made.alive.add(8)
  made.book.behind(CALL, process(8))
  assert.equal(made.book.isBusy(), true, 'the session was taken up again by another process')
  made.now += 24 * HOUR_MS
  assert.equal(made.book.isBusy(), false, 'an editor that stays open is not at work for ever')
})

test('a number that was given to another process is not the harness', () => {
  const made = world()
  made.alive.add(7)
  made.book.behind(CALL, process(7, 'at another time'))
  assert.equal(made.book.isBusy(), false)
})

test('a session that ended keeps nobody up, even one that is locked and stays known', () => {
  const made = world()
  made.alive.add(7)
  made.book.behind(CALL, process(7))
  made.book.end(CALL)
  assert.equal(made.book.isBusy(), false)
  assert.deepEqual(made.book.list(), [])
  const other = { ...CALL, session: 'locked' }
  made.book.behind(other, process(7))
  made.book.after(other)
  made.book.end(other)
  assert.deepEqual([made.book.list().length, made.book.isBusy()], [1, false])
  made.book.behind(other, process(7))
  assert.equal(made.book.isBusy(), true, 'it speaks again')
})

test('a session whose harness nobody can tell keeps its daemon up for half a day; one of a run for no time', () => {
  const made = world()
  made.book.behind(CALL, undefined)
  made.now += 12 * HOUR_MS - 1
  assert.equal(made.book.isBusy(), true)
  made.now += 1
  assert.equal(made.book.isBusy(), false)
  made.book.behind({ ...CALL, session: 'a:s' }, 'run')
  assert.equal(made.book.isBusy(), false)
})

test('the harness is known after a restart, and was there all the time or was not', () => {
  const made = world()
  made.alive.add(7)
  made.book.behind(CALL, process(7))
  made.book = open(made)
  assert.equal(made.book.isBusy(), true)
  made.alive.delete(7)
  assert.equal(open(made).isBusy(), false)
})

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Mount, Running, RunExit } from '../enforce/sandbox/index.ts'
import type { Disk } from '../enforce/workspace/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import { LayerWatch, writtenBy } from './layer-watch.ts'
import type { LiveRun } from './runs.ts'

const GIB = 1024 ** 3
const LIMITS = { mostLayerBytes: 10 * GIB, leastFreeBytes: GIB }
const identity = { device: '7', inode: '1', kind: 'directory' } as const

function bind(source: string, more: Partial<Mount & { type: 'bind' }> = {}): Mount {
  return { type: 'bind', source, path: source, access: 'write', identity, why: 'x', ...more }
}
const OVERLAY: Mount = {
  ...{ type: 'overlay', path: '/w', source: '/w', identity, why: 'x' },
  ...{ upper: '/s/upper', work: '/s/work' },
}
const CLONE = bind('/s/tree', { path: '/w' })

interface Killed {
  readonly runId: string
  readonly why: string | undefined
}

/** Runs that write to these mounts, on a disk that says what it is told to say. */
function watchOver(
  t: TestContext,
  mounts: Readonly<Record<string, readonly Mount[]>>,
  disk: Partial<Disk>,
  record?: () => Promise<never>,
) {
  const killed: Killed[] = []
  const events: GateEvent[] = []
  const errors: string[] = []
  const log: Log = {
    error: (message) => void errors.push(message),
    ...{ warn: () => undefined, info: () => undefined, debug: () => undefined },
  }
  const ends = new Map<string, (exit: RunExit) => void>()
  const live = Object.entries(mounts).map(([runId, each]): LiveRun => {
    const { promise: exit, resolve } = Promise.withResolvers<RunExit>()
    ends.set(runId, resolve)
    const running: Partial<Running> = {
      runId,
      agent: `agent-${runId}`,
      exit,
      kill: async (why) => {
        killed.push({ runId, why })
        return { processesBefore: 2, processesAfter: 0, ms: 1 }
      },
    }
    return { running, workspace: '/w', grants: [], spec: { mounts: each } } as unknown as LiveRun
  })
  const watch = new LayerWatch({
    live: () => live,
    disk: { freeBytes: () => 50 * GIB, totalBytes: () => 100 * GIB, usedBytes: async () => 0, ...disk },
    limits: LIMITS,
    record: record ?? (async (event) => void events.push(event)),
    log,
    everyMs: 3_600_000, // the tests look themselves
  })
  t.after(() => watch.close())
  return { watch, killed, events, errors, live, ends }
}

test('a run whose layer has grown too large is ended, on record, and the others go on', async (t) => {
  const measured: string[] = []
  const usedBytes = async (directories: readonly string[]) => {
    measured.push(directories.join(' '))
    return directories.includes('/s/upper') ? 10 * GIB + 1 : 10 * GIB
  }
  const { watch, killed, events } = watchOver(
    t,
    { over: [bind('/x'), OVERLAY], clone: [CLONE], direct: [bind('/w')] },
    { usedBytes },
  )
  await watch.look()
  assert.deepEqual(measured, ['/s/upper /s/work', '/s/tree'], 'a workspace itself is not measured')
  assert.equal(killed.length, 1)
  assert.equal(killed[0]?.runId, 'over')
  assert.match(
    killed[0]?.why ?? '',
    /ended agent-over: what it wrote aside takes 10 GiB.*workspace\.max_layer/,
  )
  const [event] = events
  assert.equal(events.length, 1)
  assert.equal(event?.rule, 'containment.disk')
  assert.equal(event?.target, 'agent-over')
  assert.equal(event?.reason, killed[0]?.why)
  assert.equal(event?.details?.['run'], 'over')
})

test('a disk with too little room ends every run that writes to it, whatever their mode', async (t) => {
  const freeBytes = (path: string) => (path.startsWith('/data') ? 2 * GIB : GIB - 1)
  const { watch, killed } = watchOver(
    t,
    {
      over: [OVERLAY],
      clone: [CLONE],
      direct: [bind('/w')],
      read: [
        bind('/w', { access: 'read' }),
        bind('/s/agent.sock', { identity: { ...identity, kind: 'socket' } }),
      ],
      elsewhere: [bind('/data/w', { path: '/w' })],
    },
    { freeBytes },
  )
  await watch.look()
  assert.deepEqual(killed.map(({ runId }) => runId).sort(), ['clone', 'direct', 'over'])
  assert.match(killed[0]?.why ?? '', /1 GiB must stay free \(workspace\.min_free\)/)
})

test('a tree nobody can measure ends its run, but not for one look that failed', async (t) => {
  let fails = true
  const usedBytes = async () => {
    if (fails) throw new Error('too large to measure')
    return 1
  }
  const { watch, killed } = watchOver(t, { over: [OVERLAY] }, { usedBytes })
  await watch.look()
  await watch.look()
  fails = false
  await watch.look() // one that succeeds makes up for those before
  fails = true
  await watch.look()
  await watch.look()
  assert.equal(killed.length, 0)
  await watch.look()
  assert.match(killed[0]?.why ?? '', /too large to measure/)
})

test('a disk that cannot be asked about one run does not keep the others from being looked at', async (t) => {
  const freeBytes = (path: string) => {
    if (path === '/gone') throw new Error('not there')
    return 0
  }
  const { watch, killed } = watchOver(t, { gone: [bind('/gone')], full: [bind('/w')] }, { freeBytes })
  await watch.look()
  assert.deepEqual(
    killed.map(({ runId }) => runId),
    ['full'],
  )
})

test('a run is ended once, and tried again when it could not be', async (t) => {
  const { watch, killed, errors, live, ends } = watchOver(t, { one: [OVERLAY] }, { freeBytes: () => 0 })
  const { running } = live[0]!
  const kill = running.kill.bind(running)
  let tries = 0
  Object.assign(running, {
    kill: async (why: string) => {
      tries += 1
      if (tries === 1) throw new Error('it will not die')
      return await kill(why)
    },
  })
  await watch.look()
  assert.match(errors.join(), /not ended: agent-one: it will not die/)
  await watch.look()
  await watch.look()
  assert.equal(tries, 2)
  assert.equal(killed.length, 1)
  ends.get('one')?.({ reason: 'killed', durationMs: 1 })
})

test('a ledger that takes no entry does not keep a run going, nor the others unseen', async (t) => {
  const { watch, killed, errors } = watchOver(
    t,
    { one: [OVERLAY], two: [CLONE] },
    { freeBytes: () => 0 },
    async () => {
      throw new Error('the disk is full')
    },
  )
  await watch.look()
  assert.deepEqual(killed.map(({ runId }) => runId).sort(), ['one', 'two'])
  assert.match(errors.join(), /must stay free.*not on record yet: the disk is full/)
  await watch.look()
  assert.equal(killed.length, 2, 'ended once')
})

test('it looks by itself, again and again, until it is closed', async (t) => {
  let looks = 0
  const watch = new LayerWatch({
    live: () => {
      looks += 1
      if (looks === 2) throw new Error('no list today')
      return []
    },
    disk: { freeBytes: () => 0, totalBytes: () => 0, usedBytes: async () => 0 },
    limits: LIMITS,
    record: async () => undefined,
    log: { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
    everyMs: 1,
  })
  t.after(() => watch.close())
  while (looks < 4) await new Promise((done) => setTimeout(done, 1))
  watch.close()
  const before = looks
  await new Promise((done) => setTimeout(done, 30))
  assert.ok(looks <= before + 1, 'only a look that was under way')
})

test('what a run writes to is read from what was mounted', () => {
  const of = (...mounts: Mount[]) =>
    writtenBy({ spec: { mounts }, workspace: '/w' } as unknown as Pick<LiveRun, 'spec' | 'workspace'>)
  assert.deepEqual(of(OVERLAY), { disks: ['/s/upper', '/s/work'], layer: ['/s/upper', '/s/work'] })
  assert.deepEqual(of(CLONE), { disks: ['/s/tree'], layer: ['/s/tree'] })
  assert.deepEqual(of(bind('/w'), bind('/data')), { disks: ['/w', '/data'], layer: [] })
  assert.deepEqual(of(bind('/w', { access: 'read' })), { disks: [], layer: [] })
})

import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry } from '../../record/audit/index.ts'
import { EventStream, MOST_IN_WINDOW, type EventSource } from './events.ts'

interface Sent {
  readonly event: string
  readonly id: number | undefined
  readonly data: Record<string, unknown>
}

/** A page that reads, or does not. */
class Page extends EventEmitter {
  readonly sent: Sent[] = []
  hasRoom = true
  destroyed = false
  writeHead(): void {}
  flushHeaders(): void {}
  write(text: string): boolean {
    for (const part of text.split('\n\n').filter(Boolean)) {
      const fields = new Map(
        part.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      )
      const id = fields.get('id')
      const data = JSON.parse(fields.get('data') ?? '') as Record<string, unknown>
      this.sent.push({
        event: fields.get('event') ?? '',
        id: id === undefined ? undefined : Number(id),
        data,
      })
    }
    return this.hasRoom
  }
  end(): void {
    this.destroyed = true
    this.emit('close')
  }
  destroy(): void {
    this.end()
  }
  of(event: string): Sent[] {
    return this.sent.filter((each) => each.event === event)
  }
}

/** A ledger that a test writes. */
function ledger(head: number) {
  const entries = new Map<number, Entry>()
  const state = { head }
  return {
    write: (count: number, more: object = {}) => {
      for (let i = 0; i < count; i++) entries.set(++state.head, { seq: state.head, ...more } as Entry)
    },
    head: () => ({ seq: state.head, hash: '' }),
    read: (after: number, limit: number): Entry[] =>
      Array.from({ length: Math.min(limit, state.head - after) }, (_none, nth) => ({
        ...entries.get(after + 1 + nth),
        seq: after + 1 + nth,
      })) as Entry[],
    health: () => ({
      ...{ ok: true, why: '', degraded: [], head: { seq: state.head, hash: '' } },
      ...{ checkpointed: state.head - 1, indexed: state.head, waiting: 0 },
    }),
    async *follow(after: number, signal?: AbortSignal): AsyncGenerator<Entry, void, undefined> {
      for (let at = after; signal?.aborted !== true;) {
        while (at < state.head) yield entries.get(++at) ?? ({ seq: at } as Entry)
        await sleep(10)
      }
    },
  }
}

async function until(ready: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000 && !ready(); i++) await sleep(10)
  assert.ok(ready(), what)
}

function streaming(t: TestContext, head = 0, more: Partial<EventSource> = {}, after?: number) {
  const [page, log] = [new Page(), ledger(head)]
  const source: EventSource = {
    ledger: log as unknown as EventSource['ledger'],
    questions: async function* () {},
    alerts: async function* () {},
    state: async () => ({}),
    isLive: () => true,
    now: () => Date.now(),
    ...more,
  }
  const done = new EventStream(source, page as unknown as ServerResponse).run(after)
  t.after(async () => {
    page.end()
    await done
  })
  return { page, log, done }
}

test('an entry goes out with its number, and text of an agent cannot pass for another event', async (t) => {
  const { page, log } = streaming(t)
  await until(() => page.of('beat').length === 1, 'it begins')
  const beat = page.of('beat')[0]?.data
  assert.equal(Number(beat?.['head']) - Number(beat?.['checkpointed']), 1, 'how much of the record is signed')
  log.write(1, { reason: 'x\n\nevent: state\ndata: {"mode":"normal"}\n\n' })
  await until(() => page.of('entry').length === 1, 'the entry')
  const [entry] = page.of('entry')
  assert.equal(entry?.id, 1)
  assert.match(String(entry.data['reason']), /^x\n\nevent: state/)
  assert.ok(page.of('state').every(({ data }) => data['mode'] === undefined))
})

test('what comes faster than a page can show is counted, and nothing is lost in the count', async (t) => {
  const { page, log } = streaming(t)
  await until(() => page.of('state').length === 1, 'it begins')
  log.write(5000)
  const told = () =>
    page.of('entry').length + page.of('coalesced').reduce((sum, { data }) => sum + Number(data['count']), 0)
  await until(() => told() === 5000, 'all are told of')
  const coalesced = page.of('coalesced')
  assert.ok(page.of('entry').length >= MOST_IN_WINDOW && page.of('entry').length < 5000)
  assert.equal(page.of('entry').at(-1)?.id, 5000, 'the newest is shown, however many came')
  const ids = page.sent.flatMap(({ id }) => (id === undefined ? [] : [id]))
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
    'a page that resumes goes on behind what it knows',
  )
  assert.equal(coalesced[0]?.data['from'], (page.of('entry')[MOST_IN_WINDOW - 1]?.id ?? 0) + 1)
  log.write(1)
  await until(() => page.of('entry').at(-1)?.id === 5001, 'after a flood each is told again')
})

test('who resumes gets what is missing; after long, how much that was and the newest of it', async (t) => {
  const near = streaming(t, 10, {}, 7)
  await until(() => near.page.of('entry').length === 3, 'what was missed')
  assert.deepEqual(
    near.page.of('entry').map(({ id }) => id),
    [8, 9, 10],
  )
  const far = streaming(t, 1_000_000, {}, 5)
  await until(() => far.page.of('coalesced').length > 0, 'the rest is counted')
  assert.equal(far.page.of('coalesced')[0]?.data['from'], 6)
  const ahead = streaming(t, 10, {}, 999)
  ahead.log.write(1)
  await until(() => ahead.page.of('entry').length === 1, 'a number from nowhere is the head')
})

test('for a page that does not read nothing is kept but numbers; one that goes on not reading is let go', async (t) => {
  const clock = { now: 0 }
  const { page, log, done } = streaming(t, 0, { now: () => clock.now })
  await until(() => page.of('state').length === 1, 'it begins')
  page.hasRoom = false
  log.write(1)
  await until(() => page.of('entry').length === 1, 'the one that filled it')
  log.write(1000)
  await sleep(300)
  assert.equal(page.sent.length, 3, 'nothing more is written')
  page.hasRoom = true
  page.emit('drain')
  await until(() => page.of('coalesced').length === 1, 'what it missed')
  assert.deepEqual(page.of('coalesced')[0]?.data, { count: 1000, from: 2, to: 1001 })
  page.hasRoom = false
  log.write(1)
  await until(() => page.of('entry').length === 2, 'full again')
  clock.now += 31_000
  await done
})

test('a session that is over hears nothing more, and is told so', async (t) => {
  const session = { isLive: true }
  const { page, log, done } = streaming(t, 0, { isLive: () => session.isLive })
  await until(() => page.of('state').length === 1, 'it begins')
  session.isLive = false
  log.write(3)
  await done
  assert.deepEqual(
    page.sent.map(({ event }) => event),
    ['beat', 'state', 'over'],
  )
})

/** A working day of a developer with two agents, as the ledger would have it: nothing of it may become an incident. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Detector, findingOf, type Hit } from '../../watch/detect/index.ts'
import { SHIPPED_RULES } from '../../watch/detect/shipped.ts'
import type { Entry } from '../../record/audit/index.ts'
import { observedOf } from './detect-entry.ts'

const BEGINNING = Date.UTC(2026, 5, 1, 8)
const HOURS = 8
const HOOK = { role: 'agent', channel: 'local-socket', hook: 'claude-code', session: 's1' }

/** The same day each time: a small generator of its own (mulberry32). */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

class Day {
  readonly entries: Entry[] = []
  readonly #roll = dice(7)
  at = BEGINNING

  get isOver(): boolean {
    return this.at > BEGINNING + HOURS * 3_600_000
  }

  wait(fromS: number, toS: number): void {
    this.at += Math.round((fromS + this.#roll() * (toS - fromS)) * 1000)
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#roll() * list.length)]!
  }

  /** How often something happens that happens now and then. */
  chance(of: number): boolean {
    return this.#roll() < of
  }

  add(entry: Partial<Entry>): void {
    this.entries.push({
      ...{ seq: this.entries.length + 1, timestamp: new Date(this.at).toISOString(), agent: 'claude-code' },
      ...{ decision: 'allow', result: 'allowed', layer: 'policy', rule: 'rule.own-workspace', target: '' },
      ...{
        event_type: 'file',
        reason: '',
        risk_level: 'low',
        details: HOOK,
        action: 'fs:read',
        id: '',
        v: 1,
      },
      ...{ capabilities_used: [], decision_id: '', permit_id: '', request_id: '', hash: '', prev_hash: '' },
      ...entry,
    } as Entry)
  }

  command(command: string, findings = ''): void {
    const details = { ...HOOK, command, ...(findings === '' ? {} : { findings }) }
    const action = { action: 'process:spawn', event_type: 'tool_call', rule: 'rule.programs' } as const
    this.add({ ...action, target: `/usr/bin/${command.split(' ')[0]}`, details })
  }
}

const FILES = Array.from({ length: 60 }, (_, nth) => `/home/you/app/src/file-${nth}.ts`)
const COMMANDS: readonly (readonly [string, string])[] = [
  ['npm install', 'exec.npm-run network.use'],
  ['npm run build', 'exec.npm-run'],
  ['npm test', 'exec.npm-run'],
  ['git status', 'exec.vcs'],
  ['git commit -am "next"', 'exec.vcs'],
  ['git push origin main', 'exec.vcs network.git'],
  ['cargo build', 'exec.build'],
  ['pytest -q', ''],
  ['ls -la', ''],
]

/** Reads, searches, edits, tries out: one step of a session with a coding agent. */
function step(day: Day): void {
  const file = day.pick(FILES)
  for (let reads = 0; reads < 4; reads += 1) {
    day.add({ action: 'fs:read', target: day.pick(FILES) })
    day.wait(0.3, 3)
  }
  day.add({ action: 'fs:write', target: file })
  day.wait(1, 5)
  const [command, findings] = day.pick(COMMANDS)
  day.command(command, findings)
  day.wait(1, 30)
  if (day.chance(0.2)) day.command(`node ${file}`, 'script.read')
  if (day.chance(0.05)) day.add({ action: 'net:connect', event_type: 'network', target: 'docs.test:443' })
  if (day.chance(0.05)) day.add({ decision: 'deny', result: 'denied', rule: 'default', target: '/etc/hosts' })
  if (day.chance(0.01)) {
    const details = { principal: 'claude-code', about: 'net:connect:registry.test:443' }
    const answer = {
      action: 'question:answered',
      agent: 'owner',
      event_type: 'policy',
      layer: 'approval',
    } as const
    day.add({ ...answer, decision: day.chance(0.2) ? 'deny' : 'allow', details })
  }
}

/** A build inside a sandbox: thousands of programs, and a package manager that fetches much at once. */
function build(day: Day): void {
  const run = `run-${day.entries.length}`
  for (let nth = 0; nth < 2000; nth += 1) {
    const spawn = {
      action: 'process:spawn',
      event_type: 'tool_call',
      decision: '',
      result: 'success',
    } as const
    day.add({
      ...spawn,
      agent: 'builder',
      layer: 'sandbox',
      rule: 'sandbox.spawn',
      details: { run, command: `cc -c ${nth}.c` },
    })
    day.wait(0, 0.03)
  }
  for (let nth = 0; nth < 150; nth += 1) {
    const net = {
      agent: 'builder',
      event_type: 'network',
      layer: 'egress',
      target: 'registry.test:443',
    } as const
    day.add({ ...net, action: 'net:connect', details: { run } })
    day.wait(0.02, 0.6)
    const details = { run, bytes_out: 2000, bytes_in: 400_000 }
    day.add({ ...net, action: 'net:end', decision: '', result: 'success', details })
  }
}

/** An agent that talks to its model: large requests, all day, to one place, at the pace of work. */
function model(day: Day): void {
  const net = { event_type: 'network', layer: 'egress', target: 'model.test:443', agent: 'builder' } as const
  day.add({ ...net, action: 'net:connect', details: { run: 'r' } })
  day.wait(3, 40)
  day.add({
    ...net,
    action: 'net:end',
    decision: '',
    result: 'success',
    details: { run: 'r', bytes_out: 700_000, bytes_in: 9000 },
  })
}

function day(): Day {
  const it = new Day()
  while (!it.isOver) {
    for (let steps = 0; steps < 12; steps += 1) step(it)
    for (let calls = 0; calls < 10; calls += 1) model(it)
    if (it.chance(0.3)) build(it)
    it.wait(30, 300)
  }
  return it
}

function hitsOf(entries: readonly Entry[], labels: readonly string[]): readonly Hit[] {
  const detector = new Detector(SHIPPED_RULES, '/home/you')
  return entries.flatMap((entry) => {
    const event = observedOf(entry, () => labels)
    return event === undefined ? [] : [...detector.observe(event)]
  })
}

test('a working day raises no incident and nothing above low', () => {
  const { entries } = day()
  assert.ok(entries.length > 20_000, String(entries.length))
  const hits = hitsOf(entries, [])
  const loud = hits.filter(({ rule }) => rule.class !== undefined || rule.severity !== 'low')
  assert.deepEqual(
    loud.map((hit) => findingOf(hit).summary),
    [],
  )
})

test('nor does it with agents that have read pages all day', () => {
  const incidents = hitsOf(day().entries, ['external-data']).filter(({ rule }) => rule.class !== undefined)
  assert.deepEqual(
    incidents.map((hit) => findingOf(hit).summary),
    [],
  )
})

test('the same day with an attack in it is told apart', () => {
  const it = day()
  const before = hitsOf(it.entries, []).length
  for (let nth = 0; nth < 100; nth += 1) {
    it.add({ decision: 'deny', result: 'denied', target: `/home/you/.config/${nth}`, rule: 'default' })
    it.wait(0.1, 0.4)
  }
  const rules = hitsOf(it.entries, [])
    .slice(before)
    .map(({ rule }) => rule.id)
  assert.ok(rules.includes('agent.denial-storm'), rules.join())
})

/**
 * How long it takes to contain an agent, through a whole Warder: from the order until all of it stands still, until
 * nothing of it is left, until its rights are taken back, until its workspace is as it was. The agent has fifty
 * processes in sessions of their own, deaf to SIGTERM, and has spoilt its workspace.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { house, until, type House } from '../test/kit/house.ts'
import { owner, type Owner } from '../test/kit/owner.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 7
const PROCESSES = 50
const GOALS_MS = { frozen: 1000, dead: 2000, revoked: 2000, rolledBack: 5000 } as const
type Step = keyof typeof GOALS_MS

export async function run(): Promise<BenchResult[]> {
  const closing: (() => unknown)[] = []
  const after = { after: (fn: () => unknown) => void closing.push(fn) }
  try {
    const home = house(after as Parameters<typeof house>[0])
    const me = await owner(after, home, ['watch.boundary=off', 'watch.host=off'])
    const times: Record<Step, number>[] = []
    for (let round = 0; round < ROUNDS; round += 1) times.push(await once(home, me, `agent-${round}`))
    return (Object.keys(GOALS_MS) as Step[]).map((step) => resultOf(step, times))
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

async function once(home: House, me: Owner, agent: string): Promise<Record<Step, number>> {
  const file = join(home.workspace, 'notes.txt')
  writeFileSync(file, 'as it was\n')
  const mark = `${60_000 + process.pid}.${agent.length}${agent.at(-1) ?? ''}`
  const script = `trap '' TERM; echo spoilt > notes.txt; for i in $(seq ${PROCESSES}); do setsid sleep ${mark} & done; wait`
  home.start(['run', '--agent', agent, '--', '/bin/sh', '-c', script]).stdin?.end()
  await until(() => count(mark) === PROCESSES, `${PROCESSES} processes`, 60_000)
  await me.call('grantAdd', { principal: agent, capability: 'fs:read:/srv/x', reason: 'a benchmark' })
  const { incident, times } = await me.call('contain', { agent, reason: 'a benchmark' })
  if (incident.state !== 'contained' || count(mark) > 0) throw new Error(JSON.stringify(incident.actions))
  const { frozen = NaN, dead = NaN, revoked = NaN, rolledBack = NaN } = times
  return { frozen, dead, revoked, rolledBack }
}

function count(mark: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${mark}\0`
    } catch {
      return false // it ended while we looked
    }
  }).length
}

function resultOf(step: Step, times: readonly Record<Step, number>[]): BenchResult {
  const sorted = times.map((each) => each[step]).toSorted((a, b) => a - b)
  const [p50 = NaN, p99 = NaN] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
  return {
    ...{
      bench: 'containment',
      name: `until ${step}, ${PROCESSES} processes`,
      unit: 'ms',
      value: p50,
      p50,
      p99,
    },
    ...{ goal: `below ${GOALS_MS[step]} ms`, ok: p50 < GOALS_MS[step] },
  }
}

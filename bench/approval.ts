import type { Subject } from '../src/decide/approval/index.ts'
import { NOW, STORED, stored, subject } from './approval-book.ts'
import { wholeDecisions } from './approval-decision.ts'
import type { BenchResult } from './result.ts'

/** How long it takes to find out whether one of many standing allowances covers a command, alone and in a whole decision. */

const ASKED = 200_000
const SAMPLED = 20_000

export async function run(): Promise<BenchResult[]> {
  return [
    ...(await wholeDecisions()),
    measured('exact, each of another program', (i) => subject(`/usr/bin/tool-${i}`, ['run', `--seed=${i}`])),
    measured('exact, all of one program', (i) => subject('/usr/bin/git', ['log', '-n', String(i), 'src'])),
    measured(
      'with holes, each of another program',
      (i) => subject(`/usr/bin/tool-${i}`, ['run', String(i)]),
      true,
    ),
  ]
}

function measured(name: string, make: (i: number) => Subject, hasHoles = false): BenchResult {
  const allowances = stored(make, hasHoles)
  const subjects = Array.from({ length: STORED }, (_, i) => make(i))
  const misses = subjects.map((each) => ({ ...each, cwd: '/elsewhere' }))
  const ask = (i: number): boolean => {
    const of = i % 4 === 3 ? misses : subjects
    return allowances.match('builder', of[(i * 7919) % STORED]!, NOW) !== undefined
  }
  let found = 0
  for (let i = 0; i < ASKED / 10; i++) found += ask(i) ? 1 : 0
  const start = performance.now()
  found = 0
  for (let i = 0; i < ASKED; i++) found += ask(i) ? 1 : 0
  const perAsk = ((performance.now() - start) * 1000) / ASKED
  if (found !== (ASKED * 3) / 4) throw new Error(`${name}: ${found} of ${ASKED} were found`)
  const samples = Array.from({ length: SAMPLED }, (_, i) => {
    const begin = process.hrtime.bigint()
    ask(i)
    return Number(process.hrtime.bigint() - begin) / 1000
  }).sort((a, b) => a - b)
  return {
    bench: 'approval',
    name: `a command among ${STORED} allowances, ${name}`,
    unit: 'µs',
    value: perAsk,
    p50: samples[Math.floor(SAMPLED * 0.5)]!,
    p99: samples[Math.floor(SAMPLED * 0.99)]!,
    goal: 'at most 5 µs',
    ok: perAsk <= 5,
  }
}

/**
 * How engines are compared. Every engine is treated alike: before each of its rounds its requests are parsed from JSON
 * anew, so that none finds a hash ready in a string, and what the parser left is collected, so that none pays for it;
 * then the clock starts, and it answers 20,000 of them or as many as fit into 120 ms, without a pause and without another
 * engine between. Engines take turns round by round, each round
 * begun by another. The first round of each engine, at each size, warms it up and is not counted. Rates are the median
 * of the rounds counted; ratios are medians of rounds that ran beside each other. Latencies are taken afterwards, one
 * request at a time, the cost of the clock included. Every answer of the rounds counted is compared with the truth.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { BenchRequest, Workload } from './decision-workload.ts'

const ROUNDS = 10
/** Each round sees another part of the requests, so that all of them are answered. */
const PARTS = 5
/** How long one engine may take in one round; a slow one sees as many requests as fit. */
const ROUND_MS = 120
/** Requests between two looks at the clock, at most. */
const LOOK = 256
const SAMPLED = 10_000

export interface Measured {
  readonly perSecond: number
  /** The rate of each round, to compare rounds that ran beside each other. */
  readonly rates: readonly number[]
  readonly p50: number
  readonly p99: number
  /** How many different requests it answered. */
  readonly seen: number
  readonly wrong: number
}

/** One engine ready to be asked: fresh requests, and one question. */
export interface Subject {
  readonly name: string
  readonly workload: Workload
  readonly fresh: (requests: readonly BenchRequest[]) => readonly unknown[]
  readonly isAllowed: (request: never) => boolean
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void

/** Requests as they come off the wire, and nothing of the parser left in the young space to be copied around. */
function parsed({ fresh }: Subject, requests: readonly BenchRequest[]): readonly unknown[] {
  const batch = fresh(requests)
  // what survives twice is moved out of the young space
  collect({ type: 'minor' })
  collect({ type: 'minor' })
  return batch
}

/** One round of one engine, without a pause: all of its requests are parsed before the clock starts. */
function pass(subject: Subject, round: number) {
  const { isAllowed, workload } = subject
  const ask = isAllowed as (request: unknown) => boolean
  const { requests, truth } = workload
  const size = Math.ceil(requests.length / PARTS)
  const first = (round % PARTS) * size
  const batch = parsed(subject, requests.slice(first, first + size))
  const started = performance.now()
  let spent = 0
  let wrong = 0
  let seen = 0
  let look = 0
  for (; seen < batch.length && spent < ROUND_MS; seen++) {
    if (ask(batch[seen]) !== truth[first + seen]) wrong++
    // the clock is asked ever more seldom: it costs as much as a look-up
    if (seen < look) continue
    spent = performance.now() - started
    look = Math.min(2 * seen + 1, seen + LOOK)
  }
  return { rate: (seen / (performance.now() - started)) * 1000, seen, wrong }
}

/** Rounds in turn, each begun by another engine, so that a bad spell of the machine meets all; the first warms up. */
export function measure(subjects: readonly Subject[]): Measured[] {
  const rounds = Array.from({ length: ROUNDS + 1 }, (_, round) => {
    const turn = subjects.map((_subject, i) => (i + round) % subjects.length)
    const passes = new Map(turn.map((i) => [i, pass(subjects[i]!, round)]))
    return subjects.map((_subject, i) => passes.get(i)!)
  })
  return subjects.map((subject, i) => {
    const own = rounds.slice(1).map((round) => round[i]!)
    const rates = own.map(({ rate }) => rate)
    const seen = own.slice(0, PARTS).reduce((sum, round) => sum + round.seen, 0)
    const wrong = own.reduce((sum, round) => sum + round.wrong, 0)
    return { perSecond: median(rates), rates, ...latencies(subject), seen, wrong }
  })
}

function latencies(subject: Subject) {
  const { isAllowed, workload } = subject
  const ask = isAllowed as (request: unknown) => boolean
  const times: number[] = []
  let spent = 0
  for (const request of parsed(subject, workload.requests.slice(0, SAMPLED))) {
    if (spent > ROUND_MS * 5) break
    const started = performance.now()
    ask(request)
    const took = performance.now() - started
    times.push(took)
    spent += took
  }
  return percentiles(times)
}

function percentiles(timesMs: readonly number[]): { p50: number; p99: number } {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? 0) * 1000
  return { p50: at(0.5), p99: at(0.99) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

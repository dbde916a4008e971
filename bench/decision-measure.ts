import type { BenchRequest, Workload } from './decision-workload.ts'

const ROUNDS = 10
/** Each round sees another part of the requests, so that all of them are answered. */
const PARTS = 5
/** How long one engine may take in one round; a slow one sees as many requests as fit. */
const ROUND_MS = 120
/** Few requests are alive at once: a request is decided right after it came in, and is still at hand then. */
const BATCH = 64
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

/** One round of one engine. */
function pass({ fresh, isAllowed, workload }: Subject, round: number) {
  const ask = isAllowed as (request: unknown) => boolean
  const { requests, truth } = workload
  const size = Math.ceil(requests.length / PARTS)
  const first = (round % PARTS) * size
  const end = Math.min(first + size, requests.length)
  let spent = 0
  let wrong = 0
  let seen = 0
  for (let at = first; at < end && spent < ROUND_MS; at += BATCH) {
    const batch = fresh(requests.slice(at, Math.min(at + BATCH, end)))
    const started = performance.now()
    let look = 0
    for (let i = 0; i < batch.length; i++) {
      if (ask(batch[i]) !== truth[at + i]) wrong++
      seen++
      // the clock is asked ever more seldom: it costs as much as a look-up
      if (i < look) continue
      if (spent + performance.now() - started > ROUND_MS) break
      look = 2 * i + 1
    }
    spent += performance.now() - started
  }
  return { rate: (seen / spent) * 1000, seen, wrong }
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

function latencies({ fresh, isAllowed, workload }: Subject) {
  const ask = isAllowed as (request: unknown) => boolean
  const times: number[] = []
  let spent = 0
  for (let at = 0; at < SAMPLED && spent < ROUND_MS * 5; at += BATCH) {
    for (const request of fresh(workload.requests.slice(at, at + BATCH))) {
      if (spent > ROUND_MS * 5) break
      const started = performance.now()
      ask(request)
      const took = performance.now() - started
      times.push(took)
      spent += took
    }
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

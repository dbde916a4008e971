/** Calls of a tool over HTTP, from a thread of their own, so that what is measured does not measure its own asking. */
import { Agent, request } from 'node:http'
import { parentPort } from 'node:worker_threads'

export interface LoadJob {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly atOnce: number
  /** Until this many calls are made, or so long. */
  readonly calls?: number
  readonly ms?: number
}

export interface LoadDone {
  readonly calls: number
  readonly ms: number
  /** Of each call, in microseconds. */
  readonly took: readonly number[]
}

const MOST_KEPT = 20_000
const agent = new Agent({ keepAlive: true, maxSockets: 64 })

parentPort?.on('message', (job: LoadJob) => void answered(job))

async function answered(job: LoadJob): Promise<void> {
  try {
    parentPort?.postMessage(await load(job))
  } catch (error) {
    parentPort?.postMessage({ problem: String(error) })
  }
}

async function load(job: LoadJob): Promise<LoadDone> {
  const took: number[] = []
  let calls = 0
  const started = performance.now()
  const goesOn = () =>
    (job.calls === undefined || calls < job.calls) &&
    (job.ms === undefined || performance.now() - started < job.ms)
  const one = async (): Promise<void> => {
    while (goesOn()) {
      calls += 1
      const began = performance.now()
      await call(job, calls)
      if (took.length < MOST_KEPT) took.push((performance.now() - began) * 1000)
    }
  }
  await Promise.all(Array.from({ length: job.atOnce }, one))
  return { calls, ms: performance.now() - started, took }
}

function call({ url, headers, body }: LoadJob, id: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const asking = request(url, { method: 'POST', headers, agent }, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      if (answer.statusCode === 200 && text.includes('quick brown fox')) resolve()
      else reject(new Error(`HTTP ${answer.statusCode}: ${text.slice(0, 200)}`))
    })
    answer.once('error', reject)
  })
  asking.once('error', reject)
  asking.end(body.replace('"id":1,', `"id":${id},`)) // of two under one id at the same time, not every server answers both
  return promise
}

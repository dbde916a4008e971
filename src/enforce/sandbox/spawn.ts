import { Worker } from 'node:worker_threads'
import { messageOf } from '../../core/error.ts'
import { entryPoint } from '../../platform/entry.ts'
import type { Guarantee, ProcessIdentity } from './driver.ts'

/** A program that began inside a run. Arguments may hold secrets: whoever keeps them must redact them first. */
export interface SpawnRecord {
  readonly runId: string
  /** As numbered outside. */
  readonly pid: number
  /** Absent when it ended before it could be looked at. */
  readonly argv?: readonly string[]
  readonly program?: string
  /** Epoch milliseconds, when it was seen. */
  readonly at: number
}

export type ToThread =
  | { readonly type: 'watch'; readonly runId: string; readonly init: ProcessIdentity }
  | { readonly type: 'forget'; readonly runId: string }
  | { readonly type: 'stop' }

export type FromThread =
  | { readonly type: 'listening'; readonly error: number }
  | { readonly type: 'unavailable'; readonly why: string }
  | { readonly type: 'lost' }
  | {
      readonly type: 'spawn'
      readonly runId: string
      readonly pid: number
      readonly argv?: readonly string[]
      readonly program?: string
    }

export interface SpawnWatchOptions {
  readonly onSpawn: (record: SpawnRecord) => void
  /** Told when the kernel had to drop events: some programs began without a record. */
  readonly onLost?: () => void
  readonly now: () => number
}

const READY_DEADLINE_MS = 3000

/** Watches programs begin in runs, through the kernel's process events; nothing inside can avoid or see it. */
export class SpawnWatch {
  readonly #worker: Worker | undefined
  /** Whether records are kept, and why not. */
  readonly state: Guarantee

  constructor(state: Guarantee, worker?: Worker) {
    this.state = state
    this.#worker = worker
  }

  /** Call before the run's command begins, or its first program is missed. */
  watch(runId: string, init: ProcessIdentity): void {
    this.#send({ type: 'watch', runId, init })
  }

  forget(runId: string): void {
    this.#send({ type: 'forget', runId })
  }

  async close(): Promise<void> {
    this.#send({ type: 'stop' })
    await this.#worker?.terminate()
  }

  #send(message: ToThread): void {
    this.#worker?.postMessage(message)
  }
}

/** Starts watching; never throws: where the kernel does not tell, `state` says so and nothing is recorded. */
export async function startSpawnWatch(options: SpawnWatchOptions): Promise<SpawnWatch> {
  let worker: Worker
  try {
    worker = new Worker(entryPoint('spawn-watch'))
  } catch (error) {
    return notWatching(messageOf(error)) // no room for one more thread
  }
  worker.unref()
  const answer = Promise.withResolvers<string | undefined>()
  worker.on('message', (message: FromThread) => hear(message, options, answer.resolve))
  worker.on('error', (error) => answer.resolve(messageOf(error)))
  const timer = setTimeout(() => answer.resolve('the kernel did not answer'), READY_DEADLINE_MS)
  const why = await answer.promise
  clearTimeout(timer)
  if (why !== undefined) {
    await worker.terminate()
    return notWatching(why)
  }
  return new SpawnWatch({ name: 'spawn-records', inForce: true, why: 'process events of the kernel' }, worker)
}

function hear(
  message: FromThread,
  { onSpawn, onLost, now }: SpawnWatchOptions,
  answer: (why: string | undefined) => void,
): void {
  if (message.type === 'listening') answer(whyRefused(message.error))
  if (message.type === 'unavailable') answer(message.why)
  if (message.type === 'lost') onLost?.()
  if (message.type === 'spawn') {
    const { type: _, ...record } = message
    onSpawn({ ...record, at: now() })
  }
}

function notWatching(why: string): SpawnWatch {
  return new SpawnWatch({
    name: 'spawn-records',
    inForce: false,
    why,
    fix: 'needs CONFIG_PROC_EVENTS, and on older kernels CAP_NET_ADMIN; not available inside containers',
  })
}

/** A watch that begins with whoever first needs it, and is then one for all. */
export class SpawnWatchOnDemand {
  readonly #start: () => Promise<SpawnWatch>
  #watch: Promise<SpawnWatch> | undefined

  constructor(options: SpawnWatchOptions) {
    this.#start = () => startSpawnWatch(options)
  }

  /** The watch, listening: whoever relies on it, or tells whether it is in force, waits for it here. */
  begun(): Promise<SpawnWatch> {
    this.#watch ??= this.#start()
    return this.#watch
  }

  /** Nothing to forget for a watch that never began. */
  async forget(runId: string): Promise<void> {
    ;(await this.#watch)?.forget(runId)
  }

  async close(): Promise<void> {
    await (await this.#watch)?.close()
  }
}

function whyRefused(error: number): string | undefined {
  return error === 0 ? undefined : `the kernel refused to tell of processes (error ${error})`
}

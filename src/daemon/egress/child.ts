import { randomBytes } from 'node:crypto'
import { KnownError, messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import { createSecretScanner } from '../../decide/inspect/secret/index.ts'
import {
  createEgress,
  LIMITS,
  serverResolve,
  systemResolve,
  type Answer,
  type Egress,
  type EgressEvent,
  type RunUsage,
  type EgressGrant,
  type Question,
} from '../../enforce/egress/index.ts'
import { systemClock } from '../../platform/clock.ts'
import { closeSecrets, fromWire, kept } from './grant-words.ts'
import { ownAddresses } from './own-addresses.ts'
import { ToEgressShape, type FromEgress, type ToEgress } from './words.ts'

type Begin = Extract<ToEgress, { say: 'begin' }>['settings']

/** The egress process from inside: does what it is told over its channel, and asks back over it. */
export class EgressChild {
  readonly #say: (words: FromEgress) => void
  readonly #kept: (events: readonly number[]) => void
  readonly #asks = new Map<number, (answer: Answer) => void>()
  readonly #events = new Map<number, (isKept: boolean) => void>()
  /** The secrets in here belong to runs and go with them. */
  readonly #grants = new Map<string, EgressGrant>()
  #egress: Egress | undefined
  #count = 0

  /** @param kept hears which events have their answer, whatever it is */
  constructor(say: (words: FromEgress) => void, kept: (events: readonly number[]) => void) {
    this.#say = say
    this.#kept = kept
  }

  /** @throws ZodError for a message that is none: the other end is not our daemon, or not of this version */
  async hear(message: unknown): Promise<void> {
    const words = ToEgressShape.parse(message)
    if (words.say === 'begin') return this.#begin(words.settings)
    if (words.say === 'answer') return this.#settle(this.#asks, words.ask, words.answer as Answer)
    if (words.say === 'kept') {
      for (const event of words.events) this.#settle(this.#events, event, words.isKept)
      return this.#kept(words.events)
    }
    try {
      this.#say(await this.#do(words))
    } catch (error) {
      const known =
        error instanceof KnownError ? { code: error.code, fix: error.fix } : { fix: 'warder doctor' }
      this.#say({ say: 'failed', call: words.call, what: messageOf(error).slice(0, 4000), ...known })
    }
  }

  #begin({ airlock, limits, proxy, resolvers, roots }: Begin): void {
    const egress = createEgress({
      ask: (question, signal) => this.#ask(question, signal),
      record: (event) => this.#record(event),
      resolve: resolvers === undefined ? systemResolve() : serverResolve(resolvers),
      clock: systemClock,
      isOwn: ownAddresses(systemClock),
      // the tags of what it finds are compared within a run, never beyond this process
      scanner: createSecretScanner({ key: randomBytes(32), minimum: 'medium' }),
      newId,
      limits: { ...LIMITS, ...present(limits) },
      warn: (message) => this.#say({ say: 'warn', message: message.slice(0, 4000) }),
      ...(proxy === undefined ? {} : { proxy: proxyOf(proxy) }),
      ...(roots === undefined ? {} : { roots }),
    })
    this.#egress = egress
    void egress.setAirlock(airlock).then(() => this.#say({ say: 'ready' }))
  }

  async #do(words: Exclude<ToEgress, { say: 'begin' | 'answer' | 'kept' }>): Promise<FromEgress> {
    const { call } = words
    const egress = this.#egress
    if (egress === undefined) throw new Error('it was told to work before it was told how')
    switch (words.say) {
      case 'open': {
        const grant = fromWire(words.grant)
        const opened = await egress.open(grant, words.socketPath, words.uid).catch((error: unknown) => {
          closeSecrets(grant)
          throw error
        })
        this.#grants.set(grant.runId, grant)
        return { say: 'opened', call, ...opened }
      }
      case 'update': {
        const grant = fromWire(words.grant)
        closeSecrets(grant) // those it was opened with go on
        await egress.update(grant)
        return { say: 'done', call }
      }
      case 'shut':
        await egress.shut(words.runId, words.host, words.port)
        return { say: 'done', call }
      case 'close': {
        const usage = await egress.close(words.runId)
        this.#drop(words.runId)
        return {
          say: 'used',
          call,
          ...(usage === undefined ? {} : { usage: usageWords(usage) }),
        }
      }
      case 'usage': {
        const usage = await egress.usage(words.runId)
        return { say: 'used', call, usage: usageWords(usage) }
      }
      case 'halt':
        await egress.halt(words.why)
        for (const runId of this.#grants.keys()) this.#drop(runId)
        return { say: 'done', call }
      case 'airlock':
        await egress.setAirlock(words.airlock)
        return { say: 'done', call }
    }
  }

  #drop(runId: string): void {
    const grant = this.#grants.get(runId)
    if (grant !== undefined) closeSecrets(grant)
    this.#grants.delete(runId)
  }

  #ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const ask = this.#next()
    this.#asks.set(ask, resolve)
    signal.addEventListener('abort', () => reject(new Error('nobody waits any more')), { once: true })
    this.#say({ say: 'ask', ask, question })
    return promise.finally(() => this.#asks.delete(ask))
  }

  #record(body: EgressEvent): Promise<void> {
    if (body.kind !== 'decision' || body.verdict === 'deny') {
      this.#say({ say: 'event', body: eventWords(body) })
      return Promise.resolve()
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const event = this.#next()
    this.#events.set(event, (isKept) => (isKept ? resolve() : reject(new Error('the event was not kept'))))
    this.#say({ say: 'event', event, body: eventWords(body) })
    return promise
  }

  #settle<T>(waiting: Map<number, (value: T) => void>, key: number, value: T): void {
    waiting.get(key)?.(value)
    waiting.delete(key)
  }

  #next(): number {
    this.#count += 1
    return this.#count
  }
}

/** The same words: the channel writes them down and changes nothing. */
function eventWords(event: EgressEvent): Extract<FromEgress, { say: 'event' }>['body'] {
  return event as Extract<FromEgress, { say: 'event' }>['body']
}

function usageWords(usage: RunUsage): NonNullable<Extract<FromEgress, { say: 'used' }>['usage']> {
  return { ...usage, places: [...usage.places], outward: [...usage.outward] }
}

function proxyOf({ authorization, ...rest }: NonNullable<Begin['proxy']>) {
  return authorization === undefined ? rest : { ...rest, authorization: kept(authorization) }
}

function present<T extends object>(some: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as never
}

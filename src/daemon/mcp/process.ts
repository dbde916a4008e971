import type { ChildProcess } from 'node:child_process'
import { messageOf } from '../../core/error.ts'
import { unavailable } from './errors.ts'
import { Pipe } from './pipe.ts'
import type { McpProcessOptions, SessionEnds, SessionToOpen } from './process-ports.ts'
import { Pulse } from './pulse.ts'
import { startChild } from './start.ts'
import { cut, FromMcpShape, ServerPolicyShape, type ToMcp } from './words.ts'

const ANSWER_MS = 10_000
const START_MS = 20_000
/** Between two starts, doubled each time up to the longest; a process that lived longer than that counts as well. */
const PAUSE_MS = { first: 250, longest: 30_000 } as const

interface Live {
  readonly child: ChildProcess
  readonly pipe: Pipe
  readonly startedMs: number
  readonly ready: PromiseWithResolvers<void>
  readonly opening: Map<number, PromiseWithResolvers<void>>
  readonly sessions: Map<number, SessionEnds>
  /** Sessions whose end was told on one of the two ways, and which. */
  readonly closing: Map<number, 'words' | 'streams'>
  readonly pulse: Pulse
}

/** The daemon's end of the MCP process: started with the first session, and again after it died; its sessions are over then. */
export class McpProcess {
  readonly #options: McpProcessOptions
  #live: Live | undefined
  #calls = 0
  #failures = 0
  #endedMs = 0
  #problem: string | undefined
  #isClosed = false

  constructor(options: McpProcessOptions) {
    this.#options = options
  }

  get state(): {
    readonly state: 'not started' | 'running' | 'broken'
    readonly problem?: string
    readonly pid?: number
  } {
    const pid = this.#live?.child.pid
    if (pid !== undefined) return { state: 'running', pid }
    return this.#problem === undefined
      ? { state: 'not started' }
      : { state: 'broken', problem: this.#problem }
  }

  /** @throws McpProcessError */
  async open({ policy, taint, ...rest }: SessionToOpen, ends: SessionEnds): Promise<void> {
    const live = await this.#running()
    this.#calls += 1
    const opened = Promise.withResolvers<void>()
    live.opening.set(this.#calls, opened)
    live.sessions.set(rest.session, ends)
    const timer = setTimeout(() => this.#hung(live), ANSWER_MS)
    const call = this.#calls
    this.#tell(live, {
      say: 'open',
      call,
      ...rest,
      policy: ServerPolicyShape.parse(policy),
      taint: [...taint],
    })
    try {
      await opened.promise
    } catch (error) {
      live.sessions.delete(rest.session)
      throw error
    } finally {
      clearTimeout(timer)
      live.opening.delete(call)
    }
  }

  /** Resolves when more may be sent. */
  async send(from: 'client' | 'server', session: number, bytes: Uint8Array): Promise<void> {
    const live = this.#live
    if (live?.sessions.has(session) !== true) return
    const isTaken = live.pipe.say(from === 'client' ? 'from-client' : 'from-server', session, bytes)
    if (!isTaken) await live.pipe.drained()
  }

  /** The client has closed its output. */
  endInput(session: number): void {
    if (this.#live?.sessions.has(session) === true) this.#live.pipe.say('client-end', session)
  }

  /** Every open request of it is answered; then {@link SessionEnds.ended}. */
  close(session: number, why: string): void {
    const live = this.#live
    if (live?.sessions.has(session) === true)
      this.#tell(live, { say: 'close', session, why: why.slice(0, 1000) })
  }

  forget(): void {
    if (this.#live !== undefined) this.#tell(this.#live, { say: 'forget' })
  }

  tainted(agent: string, labels: readonly string[]): void {
    if (this.#live !== undefined)
      this.#tell(this.#live, { say: 'tainted', agent, labels: [...labels].slice(0, 64) })
  }

  async end(): Promise<void> {
    this.#isClosed = true
    const live = this.#live
    if (live === undefined) return
    const ended = Promise.withResolvers<void>()
    live.child.once('exit', () => ended.resolve())
    live.child.kill('SIGKILL') // it holds nothing that would have to be put away
    await ended.promise
  }

  async #running(): Promise<Live> {
    if (this.#isClosed) throw unavailable('the daemon is ending')
    const waitMs = this.#endedMs + this.#pauseMs() - this.#options.clock.monotonicMs()
    if (this.#live === undefined && this.#failures > 0 && waitMs > 0)
      throw unavailable(`${this.#problem ?? 'it ended'}; it is started again in ${Math.ceil(waitMs)} ms`)
    const live = (this.#live ??= this.#start())
    await live.ready.promise
    return live
  }

  #pauseMs(): number {
    return Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.max(0, this.#failures - 1))
  }

  #start(): Live {
    const { child, streams } = startChild()
    const live: Live = {
      child,
      pipe: new Pipe(
        streams,
        (piece, session, bytes) => this.#heard(live, piece, session, bytes),
        () => child.kill('SIGKILL'),
      ),
      startedMs: this.#options.clock.monotonicMs(),
      ready: Promise.withResolvers(),
      opening: new Map(),
      sessions: new Map(),
      closing: new Map(),
      pulse: new Pulse({
        ask: (ping) => this.#tell(live, { say: 'ping', ping }),
        lost: () => this.#hung(live),
        monotonicMs: () => this.#options.clock.monotonicMs(),
      }),
    }
    live.ready.promise.catch(() => undefined) // whoever waits hears it
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
    void live.ready.promise.then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    )
    child.once('error', (error) => this.#ended(live, `it does not start: ${messageOf(error)}`))
    child.once('exit', (code, signal) => this.#ended(live, `it ended with ${signal ?? `exit code ${code}`}`))
    child.on('message', (message) => {
      for (const words of Array.isArray(message) ? message : [message]) this.#hear(live, words)
    })
    return live
  }

  #tell(live: Live, words: ToMcp): void {
    if (!live.child.connected) return
    live.child.send(words, (error) => {
      if (error !== null) live.child.kill('SIGKILL') // a channel that loses words is none
    })
  }

  #hung(live: Live): void {
    this.#options.log.error('the MCP process does not answer and is ended')
    live.child.kill('SIGKILL')
  }

  #heard(live: Live, piece: string, session: number, bytes: Buffer): void {
    const ends = live.sessions.get(session)
    if (ends === undefined) return
    if (piece === 'to-client') return ends.toClient(bytes)
    if (piece === 'to-server') return ends.toServer(bytes)
    if (piece === 'server-end') return ends.serverEnd()
    if (piece !== 'ended') return void live.child.kill('SIGKILL')
    this.#closed(live, session, 'streams')
  }

  /** A session is over when all of it was handed on and all that is to be told of it was told: two ways, in no order. */
  #closed(live: Live, session: number, way: 'words' | 'streams'): void {
    const other = live.closing.get(session)
    if (other === undefined || other === way) return void live.closing.set(session, way)
    live.closing.delete(session)
    const ends = live.sessions.get(session)
    live.sessions.delete(session)
    ends?.ended()
  }

  #hear(live: Live, message: unknown): void {
    const { ask, see, approve, event, taint, log } = this.#options
    const { data: words, error } = FromMcpShape.safeParse(message)
    if (words === undefined) {
      log.error(
        `the MCP process says something that is no answer, and is ended: ${error.issues[0]?.message ?? ''}`,
      )
      return void live.child.kill('SIGKILL')
    }
    switch (words.say) {
      case 'ready':
        return live.ready.resolve()
      case 'warn':
        return log.warn(words.message)
      case 'pong':
        return live.pulse.heard(words.ping)
      case 'closed':
        return this.#closed(live, words.session, 'words')
      case 'opened':
        return live.opening.get(words.call)?.resolve()
      case 'event':
        return event(words.session, words.body)
      case 'taint':
        return taint(words.session, words.labels, words.name)
      case 'ask':
        return void this.#answer(live, words.ask, async () => ({
          ...{ say: 'answer', ask: words.ask },
          answer: cut(await ask(words.session, words.question)),
        }))
      case 'see':
        return void this.#answer(live, words.ask, async () => ({
          ...{ say: 'visible', ask: words.ask },
          names: [...see(words.session, words.kind, words.names)],
        }))
      case 'approve':
        return void this.#answer(live, words.ask, async () => ({
          ...{ say: 'approved', ask: words.ask },
          approvals: approve(words.session, words).map((each) =>
            each.isGood ? { isGood: true } : cut(each),
          ),
        }))
    }
  }

  async #answer(live: Live, ask: number, work: () => Promise<ToMcp>): Promise<void> {
    try {
      this.#tell(live, await work())
    } catch (error) {
      this.#tell(live, { say: 'cannot', ask, why: messageOf(error).slice(0, 1000) })
    }
  }

  #ended(live: Live, why: string): void {
    if (this.#live !== live) return
    this.#live = undefined
    live.pulse.stop()
    const nowMs = this.#options.clock.monotonicMs()
    this.#failures = nowMs - live.startedMs > PAUSE_MS.longest ? 1 : this.#failures + 1
    this.#endedMs = nowMs
    this.#problem = this.#isClosed ? undefined : why
    const error = unavailable(why)
    live.ready.reject(error)
    for (const { reject } of live.opening.values()) reject(error)
    const sessions = [...live.sessions]
    live.sessions.clear()
    if (!this.#isClosed) {
      this.#options.log.error(`the MCP process is gone: ${why}`, { sessions: sessions.length })
      this.#options.lost(
        sessions.map(([session]) => session),
        why,
      )
    }
    for (const [, ends] of sessions) ends.ended()
  }
}

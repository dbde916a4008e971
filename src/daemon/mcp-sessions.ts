import { PassThrough } from 'node:stream'
import type { McpSessionAnswer } from '../api/mcp.ts'
import { RunInput } from '../api/run.ts'
import { messageOf } from '../core/error.ts'
import { newId } from '../core/id.ts'
import type { PolicyDocument } from '../decide/policy/index.ts'
import type { Approval, GateAnswer, GateQuestion } from '../enforce/mcp/index.ts'
import type { GateEvent } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import type { AttachedRun } from './attach.ts'
import { McpGate, type McpCaller, type McpGateOptions } from './mcp-gate.ts'
import { mcpEvent, mcpRefusedEvent, mcpSessionEvent, type OfSession } from './mcp-events.ts'
import { admit, McpError, runName, secretsOf, type Admitted, type OpenRequest } from './mcp-admit.ts'
import { ReceiptFile, RECORD_EVERY, type ReceiptFileOptions } from './mcp-receipts.ts'
import type { Live, Waiting } from './mcp-session.ts'
import type { McpProcess } from './mcp/process.ts'
import type { WithheldTools } from './mcp-withheld.ts'
import type { FromMcp, WireEvent } from './mcp/words.ts'
import { speaker, type Prepared, type Runs } from './runs.ts'
import type { Claim } from './workspaces.ts'
import type { TaintRoom } from './taint.ts'
import type { Credential } from '../gate/index.ts'

export interface McpSessionsOptions {
  readonly gate: McpGateOptions
  readonly runs: Pick<Runs, 'prepare'>
  readonly process: Pick<McpProcess, 'open' | 'send' | 'endInput' | 'close' | 'forget' | 'tainted'>
  readonly policy: () => PolicyDocument
  readonly pins: {
    readonly approve: (
      server: string,
      kind: Extract<FromMcp, { say: 'approve' }>['kind'],
      definitions: Extract<FromMcp, { say: 'approve' }>['definitions'],
      options: { readonly agent: string; readonly isMore: boolean },
    ) => readonly Approval[]
  }
  readonly taint: TaintRoom
  readonly withheld: Pick<WithheldTools, 'answer'>
  /** Makes the directory a session works in its caller's workspace, for as long as it lasts; undefined when it may be nobody's. */
  readonly claim: (agent: string, path: string) => Claim | undefined
  readonly receipts: Pick<ReceiptFileOptions, 'directory' | 'signer'>
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly now: () => number
  readonly forgetAfterMs: number
  readonly log: Pick<Log, 'warn' | 'error'>
}

const CALLER = 'mcp-client'
/** What a client or a server that does not read may leave lying here. */
const MOST_UNREAD_BYTES = 32 * 1024 * 1024
/** How soon a stop, or a rule that closes something, reaches a session. */
const LOOK_EVERY_MS = 250

/** MCP servers that run, each with the firewall before it. The server is a run like any other; what it is asked is not. */
export class McpSessions {
  readonly #options: McpSessionsOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #live = new Map<number, Live>()
  readonly #look: NodeJS.Timeout
  #count = 0
  #labels = ''

  constructor(options: McpSessionsOptions) {
    this.#options = options
    this.#look = setInterval(() => this.look(), LOOK_EVERY_MS).unref()
  }

  /** Asks for the server's run. @throws McpError, and what a run may throw */
  async open(credential: Credential, request: OpenRequest): Promise<{ prepared: Prepared; session: string }> {
    const { server: name, agent = CALLER, look: isLook = false, environment, workspace, cwd } = request
    const of: OfSession = { session: newId(), server: name, agent }
    const { server, argv } = this.#admitted(of, request)
    const asked = {
      ...{ kind: 'run', agent: runName(name), argv: [...argv], environment, workspace, cwd },
      profile: request.profile ?? server.profile,
      reason: `MCP server ${name} for ${agent}`,
      workspaceMode: 'direct',
      ...secretsOf(server.document, isLook),
    }
    const prepared = await this.#options.runs.prepare(credential, RunInput.parse(asked))
    const { token } = prepared.permit
    const caller: McpCaller = {
      ...{ ...of, workspace: prepared.plan.workspace, cwd },
      credential: speaker(credential, agent),
    }
    this.#waiting.set(token, { prepared, of, caller, isLook, policy: server.policy })
    setTimeout(() => this.#waiting.delete(token), this.#options.forgetAfterMs).unref()
    return { prepared, session: of.session }
  }

  /** The server behind a permit of ours, in front of it the firewall; undefined for any other permit. */
  attach(token: string, open: (token: string) => Promise<AttachedRun>): Promise<AttachedRun> | undefined {
    const waiting = this.#waiting.get(token)
    this.#waiting.delete(token)
    return waiting === undefined ? undefined : this.#begin(waiting, token, open)
  }

  async #begin(
    waiting: Waiting,
    token: string,
    open: (token: string) => Promise<AttachedRun>,
  ): Promise<AttachedRun> {
    const { taint, process, append, lost, now, gate } = this.#options
    const { of, policy, isLook } = waiting
    const server = await open(token)
    this.#count += 1
    const number = this.#count
    const toClient = new PassThrough({ highWaterMark: MOST_UNREAD_BYTES })
    const receipts = isLook ? undefined : new ReceiptFile({ ...this.#options.receipts, of, now })
    const claim = this.#options.claim(of.agent, waiting.caller.workspace)
    const live: Live = {
      ...{ ...waiting, number, receipts, claim, since: now(), calls: 0, refused: 0 },
      gate: new McpGate(gate, waiting.caller),
      end: (why) => process.close(number, why),
    }
    this.#live.set(number, live)
    const ended = Promise.withResolvers<void>()
    const unread = { bytes: 0 } // of what the server was sent
    try {
      const { agent, session } = of
      await process.open(
        { session: number, policy, caller: `${agent}/${session}`, agent, taint: taint.labels(agent) },
        {
          toClient: (bytes) => {
            if (toClient.writable && !toClient.write(bytes))
              live.end('the client does not read what it is sent')
          },
          toServer: (bytes) => {
            unread.bytes += bytes.length
            if (unread.bytes > MOST_UNREAD_BYTES) return live.end('the server does not read what it is sent')
            void server.write(bytes).then(() => (unread.bytes -= bytes.length), lost)
          },
          serverEnd: () => server.endInput(), // servers end when their input does; then we do
          ended: () => {
            toClient.end()
            ended.resolve()
          },
        },
      )
      const { profile } = waiting.prepared.plan.spec
      await append(mcpSessionEvent(of, 'begin', { run: server.runId, tier: policy.tier, profile }))
    } catch (error) {
      server.kill('the firewall before it did not come up')
      live.end('it could not begin')
      await this.#over(live)
      throw error
    }
    void this.#relay(live, server)
    void ended.promise.then(() => server.kill('the session is over'))
    return {
      runId: server.runId,
      agent: server.agent,
      stdout: toClient,
      ...(server.stderr === undefined ? {} : { stderr: server.stderr }),
      write: (bytes) => process.send('client', number, bytes),
      endInput: () => process.endInput(number),
      resize: () => undefined,
      signal: (name) => server.signal(name),
      kill: (why) => {
        live.end(why)
        server.kill(why)
      },
      exit: server.exit.then(async (exit) => {
        live.end(`the server has ended (${JSON.stringify(exit['reason'] ?? 'unknown')})`)
        await ended.promise
        await this.#over(live)
        return exit
      }),
    }
  }

  /** What the server says goes to the firewall, as fast as that takes it. */
  async #relay({ number, end }: Live, { stdout }: AttachedRun): Promise<void> {
    const { process } = this.#options
    try {
      for await (const chunk of stdout as AsyncIterable<Buffer>) await process.send('server', number, chunk)
      end('the server has closed its output')
    } catch (error) {
      end(`the server cannot be read: ${messageOf(error)}`)
    }
  }

  async #over(live: Live): Promise<void> {
    if (!this.#live.delete(live.number)) return
    const { append, lost } = this.#options
    const { receipts, of, calls, refused, gate } = live
    live.claim?.drop()
    await gate.end()
    const head = receipts?.head
    receipts?.close()
    const about = head === undefined ? {} : { receipts: head.count, head: head.digest }
    await append(mcpSessionEvent(of, 'end', { calls, refused, ...about })).catch(lost)
  }

  /** Ends or narrows what policy, a grant that ended, or a stop has closed since. */
  look(): void {
    const { process, taint, lost } = this.#options
    let isStale = false
    const labels = new Map<string, readonly string[]>()
    for (const live of this.#live.values()) {
      try {
        const stop = live.gate.stopped()
        if (stop !== undefined) live.end(`a stop is in force: ${stop}`)
        isStale = live.gate.closeStale() || isStale
        labels.set(live.of.agent, taint.labels(live.of.agent))
      } catch (error) {
        live.end(`whether it may go on cannot be told: ${messageOf(error)}`)
        lost(error)
      }
    }
    if (isStale) process.forget()
    const text = JSON.stringify([...labels])
    if (text === this.#labels) return
    this.#labels = text
    for (const [agent, list] of labels) process.tainted(agent, list)
  }

  /** What the MCP process asks and tells; each by the number of its session. */
  async ask(number: number, question: GateQuestion): Promise<GateAnswer> {
    const live = this.#known(number)
    if (live.isLook) throw new Error('this session only looks')
    return this.#options.withheld.answer(live.of.server, question) ?? (await live.gate.ask(question))
  }

  see(number: number, kind: GateQuestion['kind'], names: readonly string[]): readonly string[] {
    const live = this.#known(number)
    return live.isLook ? names : live.gate.visible(kind, names)
  }

  approve(
    number: number,
    { kind, definitions, isMore }: Extract<FromMcp, { say: 'approve' }>,
  ): readonly Approval[] {
    const { isLook, of } = this.#known(number)
    if (isLook) return definitions.map(() => ({ isGood: true }))
    return this.#options.pins.approve(of.server, kind, definitions, { agent: of.agent, isMore })
  }

  event(number: number, event: WireEvent): void {
    const live = this.#live.get(number)
    if (live === undefined) return
    const { append, lost, taint } = this.#options
    if (event.kind !== 'call') {
      live.refused += event.kind === 'refused' ? 1 : 0
      return void append(mcpEvent(live.of, event)).catch(lost)
    }
    live.calls += 1
    try {
      live.receipts?.add(event)
      if (event.outcome === 'success') {
        for (const path of live.gate.pathsOf(event.wrote)) taint.wrote(live.of.agent, path)
      }
    } catch (error) {
      lost(error)
      live.end('its receipts cannot be written')
    }
    const { count, digest } = live.receipts?.head ?? { count: 0, digest: '' }
    if (count > 0 && count % RECORD_EVERY === 0)
      void append(mcpSessionEvent(live.of, 'checkpoint', { receipts: count, head: digest })).catch(lost)
  }

  taint(number: number, labels: readonly string[], origin: string): void {
    const live = this.#live.get(number)
    if (live !== undefined) this.#options.taint.add(live.of.agent, labels, origin)
  }

  list(): McpSessionAnswer[] {
    return [...this.#live.values()].map(({ of, prepared, policy, since, calls, refused, receipts }) => ({
      ...{ session: of.session, server: of.server, agent: of.agent, run: prepared.runId, tier: policy.tier },
      ...{ since: new Date(since).toISOString(), calls, refused },
      ...(receipts === undefined ? {} : { receipts: receipts.path }),
    }))
  }

  async close(): Promise<void> {
    clearInterval(this.#look)
    await Promise.all([...this.#live.values()].map((live) => this.#over(live)))
  }

  #admitted(of: OfSession, request: OpenRequest): Admitted {
    try {
      return admit(this.#options.policy(), of, request)
    } catch (error) {
      const rule = error instanceof McpError ? error.code : 'error'
      const { append, lost } = this.#options
      void append(mcpRefusedEvent(of.agent, of.server, rule, messageOf(error))).catch(lost)
      throw error
    }
  }

  #known(number: number): Live {
    const live = this.#live.get(number)
    if (live === undefined) throw new Error('that session is over')
    return live
  }
}

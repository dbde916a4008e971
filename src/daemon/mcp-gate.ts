import type { Action } from '../core/action.ts'
import { digestOf, type Json } from '../core/canonical.ts'
import type { Decision } from '../core/decision.ts'
import { isHostNamed } from '../core/host-pattern.ts'
import { newId } from '../core/id.ts'
import type { Permit } from '../core/permit.ts'
import type { Principal } from '../core/principal.ts'
import { RISK_LEVELS } from '../core/risk.ts'
import type { GateAnswer, GateQuestion, Touched } from '../enforce/mcp/index.ts'
import { DeniedError, pass, permitOf, type Credential, type PermitBook, type Rooms } from '../gate/index.ts'
import { actionsOf, type HookAction, type HookPlace } from './hook-actions.ts'
import type { CommandReader } from './hook-command.ts'
import { meanings } from './hook-paths.ts'
import { isBelow, isTwisted } from './mcp-paths.ts'
import { askNamed, textsIn } from './named-paths.ts'
import { withScripts } from './script-text.ts'
import type { TaintRoom } from './taint.ts'

export interface McpGateOptions {
  readonly rooms: Rooms
  readonly permits: PermitBook
  /** Policy and approvals, for an answer that was given already. */
  readonly again: Rooms['decide']
  /** Where the gate finds how a question of ours is judged when its permit is spent. */
  readonly judged: Map<string, Rooms['decide']>
  readonly reader: CommandReader
  readonly taint: Pick<TaintRoom, 'read' | 'labels'>
  readonly home: string
  readonly path: string
  readonly monotonicMs: () => number
}

/** Who calls which server, from where. */
export interface McpCaller {
  readonly session: string
  readonly server: string
  readonly agent: string
  readonly credential: Credential
  readonly workspace: string
  readonly cwd: string
}

interface Opened {
  readonly permit: Permit
  readonly answer: Extract<GateAnswer, { effect: 'allow' }>
  readonly parts: readonly Action[]
  readonly since: number
}

const MOST_OPENED = 2000

/**
 * The gate for one session. A plain yes is one permit for the session, like a way out is for a run; what a person is asked
 * about, or what lies in a flow that needs a further yes, is decided each time. A call and everything it touches is one
 * question: the part that fares worst settles it.
 */
export class McpGate {
  readonly #options: McpGateOptions
  readonly #caller: McpCaller
  readonly #opened = new Map<string, Opened>()
  #isOver = false

  constructor(options: McpGateOptions, caller: McpCaller) {
    this.#options = options
    this.#caller = caller
  }

  /** @throws when it cannot be known what the call touches */
  async ask(question: GateQuestion): Promise<GateAnswer> {
    await askNamed(textsIn(question.touched), this.#caller.cwd, this.#options.home)
    const outside = this.#outside(question.touched)
    if (outside !== undefined) return outside
    this.#readTaint(question.touched)
    const isPlain = !question.isAsked && question.flows.length === 0
    const key = JSON.stringify([question.kind, question.name, question.touched])
    const before = isPlain ? this.#opened.get(key) : undefined
    if (before !== undefined) return before.answer
    return await this.#decide(question, isPlain ? key : undefined)
  }

  async #decide(question: GateQuestion, key: string | undefined): Promise<GateAnswer> {
    const { rooms, permits, again, judged, monotonicMs } = this.#options
    const { credential } = this.#caller
    const who = rooms.identify(credential)
    const place = this.#place()
    const parts = await withScripts((readScript) => this.#partsOf(question, { ...place, readScript }))
    const general = this.#bytesOf(question, false, place)
    const weighed: { readonly action: Action; readonly decision: Decision }[] = []
    for (const { action, isName } of parts) {
      const seen = await rooms.inspect(who, { ...action, bytes: general })
      const decision = this.#decided(rooms.contained(who, seen) ?? rooms.decide(who, seen), seen, question)
      if (!isName || isSpokenOf(decision)) weighed.push({ action: seen, decision })
    }
    const worst = weighed.toSorted(strictestFirst)[0]
    if (worst === undefined) throw new Error('there is nothing to decide on')
    // what a person says yes to is this call with these arguments, and no other
    const isOnce = key === undefined || worst.decision.effect === 'ask'
    const bytes = isOnce ? this.#bytesOf(question, true, place) : general
    const about = this.#about(question, parts)
    const action: Action = { ...worst.action, bytes, about, task: this.#task(bytes) }
    const decide: Rooms['decide'] = (asker, asked) =>
      this.#decided(rooms.decide(asker, asked), asked, question)
    // what a person said yes to stays asked about; that is no reason to undo the yes
    judged.set(bytes, again)
    try {
      const request = { id: newId(), credential, action, door: 'mcp' as const }
      const verdict = await pass(request, { ...rooms, decide })
      const permit = permitOf(verdict)
      permits.redeem(permit, 'mcp', bytes)
      const answer: Extract<GateAnswer, { effect: 'allow' }> = {
        ...{ effect: 'allow', rule: verdict.decision.rule, decision: verdict.id },
        for: isOnce ? 'once' : 'session',
      }
      const opened = { permit, answer, since: monotonicMs(), parts: weighed.map((each) => each.action) }
      if (isOnce || this.#isOver || this.#opened.size >= MOST_OPENED) {
        await this.#settle(opened, 'success')
        return { ...answer, for: 'once' }
      }
      this.#opened.set(key, opened)
      return answer
    } catch (error) {
      if (!(error instanceof DeniedError)) throw error
      return refusal(error)
    } finally {
      judged.delete(bytes)
    }
  }

  /** What policy allows, but what its section on this server, or a flow, wants a person to see first. */
  #decided(decision: Decision, { namespace }: Action, { isAsked, flows }: GateQuestion): Decision {
    if (decision.effect !== 'allow' || namespace !== 'tool') return decision
    const [flow] = flows
    if (flow !== undefined) {
      const rule = `mcp.flow.${flow.replaceAll(' ', '-')}`
      const reason = `this agent was shown words of strangers, and now acts: ${flows.join(', ')}`
      const fix = `look at what it was shown: warder taint show; warder taint clear ${this.#caller.agent}`
      return { ...decision, effect: 'ask', rule, reason, fix }
    }
    if (!isAsked) return decision
    return { ...decision, effect: 'ask', reason: `${decision.rule} allows it, with a person’s yes each time` }
  }

  /** Which of these would not be denied now. */
  visible(kind: GateQuestion['kind'], names: readonly string[]): readonly string[] {
    const { rooms } = this.#options
    const who = rooms.identify(this.#caller.credential)
    return names.filter((name) => {
      const action: Action = { ...this.#named({ kind, name }), bytes: digestOf({ look: name }) }
      return (rooms.contained(who, action) ?? rooms.decide(who, action)).effect !== 'deny'
    })
  }

  /** Shuts what policy, a grant that ended, or a stop has closed since. @returns whether there was any */
  closeStale(): boolean {
    const { rooms, again } = this.#options
    if (this.#opened.size === 0) return false
    const who = rooms.identify(this.#caller.credential)
    const stale = [...this.#opened].filter(([, { parts }]) =>
      parts.some((action) => (rooms.contained(who, action) ?? again(who, action)).effect !== 'allow'),
    )
    for (const [key, opened] of stale) {
      this.#opened.delete(key)
      void this.#settle(opened, 'cancelled')
    }
    return stale.length > 0
  }

  /** Where files it was given by name lie. */
  pathsOf(paths: readonly string[]): readonly string[] {
    return paths.flatMap((path) => meanings(path, this.#caller.cwd, this.#options.home))
  }

  /** Why the agent must not act now, if that is so. */
  stopped(): string | undefined {
    const { rooms } = this.#options
    const who: Principal = rooms.identify(this.#caller.credential)
    const action = { ...this.#named({ kind: 'tool', name: '' }), bytes: digestOf({ look: '' }) }
    const decision = rooms.contained(who, action)
    return decision?.effect === 'deny' ? decision.reason : undefined
  }

  async end(): Promise<void> {
    this.#isOver = true
    const opened = [...this.#opened.values()]
    this.#opened.clear()
    for (const each of opened) await this.#settle(each, 'success')
  }

  async #settle({ permit, since }: Opened, result: 'success' | 'cancelled'): Promise<void> {
    const { permits, monotonicMs } = this.#options
    await permits.settle(permit, { result, durationMs: monotonicMs() - since, note: 'closed' })
  }

  #place(): HookPlace {
    const { home, path } = this.#options
    const { cwd, workspace } = this.#caller
    return { cwd, workspace, home, path, readScript: () => undefined, scripts: new Map() }
  }

  #partsOf(question: GateQuestion, place: HookPlace): readonly HookAction[] {
    const named: HookAction = { action: this.#named(question), isName: false }
    const { reader } = this.#options
    return [named, ...question.touched.flatMap((each) => actionsOf(each, place, reader))]
  }

  #named({ kind, name }: Pick<GateQuestion, 'kind' | 'name'>): Omit<HookAction['action'], never> {
    const { server } = this.#caller
    const what = kind === 'tool' ? name : kind === 'question' ? `@${name}` : `@${kind}`
    return { namespace: 'tool', verb: 'call', resource: `${server}/${what}`, risk: 'medium' }
  }

  /** A permit for a session is for the tool and what it touches; one for a call is for its arguments as well. */
  #bytesOf(question: GateQuestion, isOnce: boolean, { scripts }: HookPlace): string {
    const { session, server } = this.#caller
    const { kind, name, touched, argumentsDigest } = question
    return digestOf({
      ...{ session, server, kind, name, touched, scripts: Object.fromEntries(scripts) },
      ...(isOnce ? { arguments: argumentsDigest, flows: question.flows } : {}),
    } as unknown as Json)
  }

  #task(bytes: string): string {
    return `mcp:${this.#caller.session}:${bytes.slice(0, 32)}`
  }

  #about({ kind, name, summary, flows }: GateQuestion, parts: readonly HookAction[]): Record<string, string> {
    const { session, server, agent, cwd } = this.#caller
    const touched = parts
      .slice(1)
      .filter(({ isName }) => !isName)
      .map(({ action: { namespace, verb, resource } }) => `${namespace}:${verb}:${resource}`)
    return {
      ...{ mcp: server, session, agent, [kind]: name.slice(0, 200), cwd },
      ...(summary === '' ? {} : { arguments: summary }),
      ...(touched.length === 0 ? {} : { parts: touched.join(' ').slice(0, 2000) }),
      ...(flows.length === 0 ? {} : { flows: flows.join(', ') }),
    }
  }

  /** What a rule of the server keeps within folders or hosts, whatever the gate would say. */
  #outside(touched: readonly Touched[]): GateAnswer | undefined {
    const place = this.#place()
    for (const each of touched) {
      if (each.kind === 'file') {
        if (isTwisted(each.path, place))
          return this.#no('argument.path', 'a path goes up behind a link: say where it leads instead')
        if (each.below !== undefined && !isBelow(each.path, each.below, place))
          return this.#no('argument.below', 'a path leads out of the folders its rule names')
      }
      if (each.kind === 'connect' && each.hosts !== undefined) {
        const host = URL.parse(each.url)?.hostname ?? ''
        if (!each.hosts.some((pattern) => isHostNamed(host, pattern)))
          return this.#no('argument.hosts', 'a URL leads to a host its rule does not name')
      }
    }
    return undefined
  }

  #no(rule: string, reason: string): GateAnswer {
    const { server } = this.#caller
    const fix = `see the rules for this argument under mcp.servers.${server}.tools in the policy`
    return { effect: 'deny', layer: 'policy', rule, reason, fix, decision: '' }
  }

  /** What a file carries is from now on the caller's as well, also of one that a command names. */
  #readTaint(touched: readonly Touched[]): void {
    const { taint, reader } = this.#options
    for (const each of touched) {
      for (const { action } of actionsOf(each, this.#place(), reader))
        if (action.namespace === 'fs' && action.verb === 'read')
          taint.read(this.#caller.agent, action.resource)
    }
  }
}

const ORDER = ['deny', 'ask', 'allow'] as const

function strictestFirst(one: { action: Action; decision: Decision }, other: typeof one): number {
  const byEffect = ORDER.indexOf(one.decision.effect) - ORDER.indexOf(other.decision.effect)
  return byEffect || RISK_LEVELS.indexOf(other.action.risk) - RISK_LEVELS.indexOf(one.action.risk)
}

/** A name is no act: it only counts where something is said of what it names. */
function isSpokenOf({ effect, rule }: Decision): boolean {
  if (rule.startsWith('rule.')) return effect !== 'allow'
  return effect === 'deny' && (rule.startsWith('exclusion.') || rule.startsWith('containment.'))
}

function refusal({ verdict, code }: DeniedError): GateAnswer {
  const { layer, rule, reason, fix } = verdict.decision
  return {
    ...{ effect: 'deny', layer, rule, reason, decision: verdict.id },
    fix: fix ?? 'see the entry: warder audit list --decision deny --limit 1',
    ...(code === 'STOPPED' ? { isStopped: true } : {}),
  }
}

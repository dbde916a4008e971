import type { Action } from '../core/action.ts'
import { digestOf, type Json } from '../core/canonical.ts'
import type { Decision } from '../core/decision.ts'
import { newId } from '../core/id.ts'
import { isAtLeast, RISK_LEVELS } from '../core/risk.ts'
import { canHarnessAsk, deedsOf, type Deed, type HookCall } from '../enforce/session/index.ts'
import { pass, type Credential, type Rooms } from '../gate/index.ts'
import { actionsOf, type HookAction, type HookPlace } from './hook-actions.ts'
import { cutText } from './cut-text.ts'
import type { CommandReader } from './hook-command.ts'
import { isOwnSettings } from './hook-settings.ts'
import { askNamed, textsIn } from './named-paths.ts'
import { withScripts } from './script-text.ts'

export interface JudgeOptions {
  readonly rooms: Rooms
  readonly reader: CommandReader
  readonly home: string
  /** The PATH programs are looked for in. */
  readonly path: string
  /** Whether a person could be asked through Warder now; if not, a question of low risk is left to the harness. */
  readonly isSomebodyThere: () => boolean
}

/** What the gate said about a call: allowed, refused, or left to the harness's own question. */
export interface Judgement {
  readonly effect: 'allow' | 'ask' | 'deny'
  /** Layer, rule, reason and the smallest fix. */
  readonly reason: string
}

interface Weighed {
  readonly action: Action
  readonly decision: Decision
}

/**
 * Whether a call may be made. Everything it would do is weighed; the gate is asked about the part that fares worst, so
 * that one call is one question and one entry, with all parts in it.
 *
 * @throws when it cannot be known what the call does
 */
export async function judgeCall(
  call: HookCall,
  credential: Credential,
  workspace: string,
  options: JudgeOptions,
): Promise<Judgement> {
  const { rooms, home, path } = options
  const cwd = call.cwd || workspace || '/'
  const scripts = new Map<string, string>()
  const deeds = deedsOf(call)
  await askNamed([workspace, ...textsIn(call.input)], cwd, home)
  const parts = await withScripts((readScript) => {
    const place: HookPlace = { cwd, workspace, home, path, readScript, scripts }
    return deeds.flatMap((deed) => actionsOf(deed, place, options.reader))
  })
  const own = parts.find(isOwnSettings)
  const who = rooms.identify(credential)
  const about = aboutOf(call, deeds, parts)
  // the same call twice is the same to the byte, unless a script it runs is another one by now
  const bytes = digestOf({
    call: [call.harness, call.session, call.tool, cwd],
    input: call.input,
    scripts: Object.fromEntries(scripts),
  } as Json)
  const judging =
    own === undefined ? rooms : { ...rooms, decide: guardingSettings(rooms, own.action.resource) }
  const weighed: Weighed[] = []
  for (const { action, isName } of parts) {
    const seen = await rooms.inspect(who, { ...action, bytes })
    const decision = judging.contained(who, seen) ?? judging.decide(who, seen)
    // a name is no act: it only counts where something is said of what it names
    if (!isName || isSpokenOf(decision)) weighed.push({ action: seen, decision })
  }
  const worst = weighed.toSorted(strictestFirst)[0]
  if (worst === undefined) throw new Error('there is nothing to decide on')
  const request = { id: newId(), credential, action: { ...worst.action, about, task: taskOf(call, deeds) } }
  const verdict = await pass(request, questionLeftTo(call, shownOf(call, deeds).length, judging, options))
  return { effect: verdict.decision.effect, reason: sentence(verdict.decision) }
}

const ORDER = ['deny', 'ask', 'allow'] as const

function strictestFirst(one: Weighed, other: Weighed): number {
  const byEffect = ORDER.indexOf(one.decision.effect) - ORDER.indexOf(other.decision.effect)
  return byEffect || RISK_LEVELS.indexOf(other.action.risk) - RISK_LEVELS.indexOf(one.action.risk)
}

/** Not what is refused because nothing allows it: a word that looks like a path would be refused as one. */
function isSpokenOf({ effect, rule }: Decision): boolean {
  if (rule.startsWith('rule.')) return effect !== 'allow'
  return effect === 'deny' && (rule.startsWith('exclusion.') || rule.startsWith('containment.'))
}

/** So much of a command or an input stands in a question, and in the record. */
const MOST_SHOWN = 4000

/** With nobody to ask, a question of no great risk may be put by the harness, to the person who sits before it. */
function questionLeftTo(
  call: HookCall,
  length: number,
  rooms: Rooms,
  { isSomebodyThere }: JudgeOptions,
): Rooms {
  return {
    ...rooms,
    ask: async (who, action, decision) => {
      if (!isSomebodyThere() && canHarnessAsk(call) && !isAtLeast(action.risk, 'high')) return decision
      return length > MOST_SHOWN ? tooLong(decision, length) : rooms.ask(who, action, decision)
    },
  }
}

/** Nobody says yes to what they cannot see: what stands behind the end of a question would have been agreed to as well. */
function tooLong(asked: Decision, length: number): Decision {
  return {
    ...asked,
    effect: 'deny',
    layer: 'approval',
    rule: 'approval.too-long',
    reason: `${asked.reason}; it has ${length} characters, and a question shows ${MOST_SHOWN}`,
    fix: 'write a long text with a file tool, and let the command be short',
  }
}

/** What a person has to see to know what is asked: the command, or what a tool is given that nobody here knows. */
function shownOf(call: HookCall, deeds: readonly Deed[]): string {
  const commands = deeds.flatMap((deed) => (deed.kind === 'command' ? [deed.text] : []))
  if (commands.length > 0) return commands.join('\n')
  return deeds.some(({ kind }) => kind === 'tool') ? JSON.stringify(call.input) : ''
}

/** What says which hooks a harness has is changed by people alone, whatever policy says of the place it lies in. */
function guardingSettings(rooms: Rooms, path: string): Rooms['decide'] {
  return (who, action) => ({
    ...rooms.decide(who, action),
    effect: 'deny',
    layer: 'inspection',
    rule: 'hook.own-settings',
    reason: `${path} says which hooks guard this agent, and no agent may change that`,
    fix: 'let a person make the change in an editor',
  })
}

/**
 * A yes "for this session" must not reach further than what was shown: for a command or a tool it holds for the very
 * same one, in the very same session.
 */
function taskOf({ session, tool, input, cwd }: HookCall, deeds: readonly Deed[]): string {
  const isExact = deeds.some(({ kind }) => kind === 'command' || kind === 'tool')
  const what = isExact ? `:${digestOf({ tool, input, cwd } as Json).slice(0, 32)}` : ''
  return `hook:${session}${what}`
}

/** What a person sees in the record and in a question. */
function aboutOf(
  call: HookCall,
  deeds: readonly Deed[],
  parts: readonly HookAction[],
): Record<string, string> {
  const isCommand = deeds.some((deed) => deed.kind === 'command')
  const shown = cutText(shownOf(call, deeds), MOST_SHOWN)
  const all = parts
    .filter(({ isName }) => !isName)
    .map(({ action: { namespace, verb, resource } }) => `${namespace}:${verb}:${resource}`)
  return {
    hook: call.harness,
    session: call.session,
    tool: call.tool,
    cwd: call.cwd,
    ...(shown === '' || shown === '{}' ? {} : { [isCommand ? 'command' : 'input']: shown }),
    ...(all.length > 1 ? { parts: cutText(all.join(' '), 2000) } : {}),
  }
}

function sentence({ effect, layer, rule, reason, fix }: Decision): string {
  const said = effect === 'ask' ? 'asked about' : 'refused'
  return `${said} by ${layer}, rule ${rule}: ${reason}.${fix === undefined ? '' : ` To change it: ${fix}`}`
}

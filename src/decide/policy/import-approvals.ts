import { isMap, isSeq, parseDocument } from 'yaml'
import * as z from 'zod'
import { formatCapability, parseCapability } from '../../core/capability.ts'
import { isAgentName } from '../../core/principal.ts'
import { readPolicy } from './compile.ts'
import { readYaml } from './read.ts'
import type { PolicyDocument } from './schema.ts'

/** The file other gates keep their approvals in (`exec-approvals.json`, version 1). */
const settings = {
  security: z.enum(['deny', 'allowlist', 'full']).optional(),
  ask: z.enum(['off', 'on-miss', 'always']).optional(),
  ask_fallback: z.enum(['deny', 'allowlist', 'full']).optional(),
  auto_allow_skills: z.boolean().optional(),
}
const when = z.union([z.number(), z.string()]).nullable().optional()
const entry = z.strictObject({
  id: z.string().optional(),
  pattern: z.string().min(1),
  last_used_at: when,
  last_used_command: z.string().nullable().optional(),
  last_resolved_path: z.string().nullable().optional(),
})
const blocked = z.union([z.string().min(1), entry])
const agent = z.strictObject({
  ...settings,
  allowlist: z.array(entry).optional(),
  skill_allowlist: z.array(z.string()).optional(),
  blocklist: z.array(blocked).optional(),
})
const approvalsFile = z.strictObject({
  version: z.literal(1),
  socket: z.strictObject({ path: z.string().optional(), token: z.string().optional() }).optional(),
  defaults: z.strictObject(settings).optional(),
  agents: z.record(z.string(), agent).optional(),
})

type Agent = z.infer<typeof agent>
type Rule = NonNullable<PolicyDocument['rules']>[number]

/** What such a file comes to here, and what of it is not taken over, with the reason. */
export interface Imported {
  readonly agents: readonly string[]
  readonly rules: readonly Rule[]
  readonly left: readonly string[]
}

/**
 * Reads a file of approvals and says what it comes to as rules of a policy. A pattern there lets a program do anything
 * with any arguments; here it becomes what policy says of that program, and nothing wider: what has no end is left out.
 *
 * @throws PolicyError `POLICY_INVALID` with every problem and its line and column
 */
export function importApprovals(bytes: string | Uint8Array, file: string): Imported {
  const { value } = readYaml(bytes, file, { schema: approvalsFile, code: 'POLICY_INVALID' })
  const left: string[] = []
  if (value.socket?.token !== undefined)
    left.push('socket.token: Warder makes a secret of its own and keeps it with its keys; delete the old one')
  const agents: string[] = []
  const rules: Rule[] = []
  for (const [name, written] of Object.entries(value.agents ?? {})) {
    if (!isAgentName(name)) {
      left.push(`agents.${JSON.stringify(name)}: no agent can have that name here`)
      continue
    }
    agents.push(name)
    const defaults = Object.entries(value.defaults ?? {}).filter(([, each]) => each !== undefined)
    rules.push(...rulesOf(name, { ...Object.fromEntries(defaults), ...written }, left))
  }
  return { agents, rules, left }
}

function rulesOf(name: string, written: Agent, left: string[]): Rule[] {
  const where = `agents.${name}`
  const { security = 'allowlist', ask = 'on-miss', allowlist = [], blocklist = [] } = written
  if (security === 'full') left.push(`${where}.security full: there is no rule that allows everything`)
  if (security === 'deny' && allowlist.length > 0) left.push(`${where}.allowlist: its security is deny`)
  if (written.ask_fallback !== undefined && written.ask_fallback !== 'deny')
    left.push(`${where}.ask_fallback ${written.ask_fallback}: with nobody to ask the answer is no`)
  if (written.auto_allow_skills === true || (written.skill_allowlist ?? []).length > 0)
    left.push(`${where}: skills are tools here, allow each by name (tool:call:NAME)`)
  const allowed = security === 'deny' ? [] : allowlist.flatMap((each) => programOf(each, where, left))
  const denied = blocklist.flatMap((each) =>
    blockOf(typeof each === 'string' ? each : each.pattern, where, left),
  )
  const effect = ask === 'always' ? 'ask' : 'allow'
  const rule = (id: string, as: Rule['effect'], capabilities: readonly string[]): Rule[] =>
    capabilities.length === 0
      ? []
      : [
          {
            ...{ id, agents: [name], effect: as, capabilities: [...new Set(capabilities)] },
            reason: `taken over from exec-approvals.json`,
          },
        ]
  return [
    ...rule(`imported-${name}-${effect}`, effect, allowed),
    ...rule(`imported-${name}-block`, 'deny', denied),
  ]
}

/** A program that was allowed: where it lies, or where it was found when it last ran. */
function programOf(
  { pattern, last_resolved_path: found }: z.infer<typeof entry>,
  where: string,
  left: string[],
) {
  const path = absolute(pattern) ?? absolute(found ?? '')
  if (path === undefined) left.push(`${where}.allowlist ${JSON.stringify(pattern)}: it is no absolute path`)
  // a star for the name of the program, or for the directories above it, is every program of this machine
  else if (/\*\*|\/\*$/.test(path) || path.split('/').length < 3)
    left.push(`${where}.allowlist ${JSON.stringify(pattern)}: it has no end; name the programs`)
  else return spawning(path, `${where}.allowlist`, left)
  return []
}

/** A program that was forbidden is forbidden wherever it lies. */
function blockOf(pattern: string, where: string, left: string[]): string[] {
  const path = absolute(pattern)
  const name = /^[\w.+-]+$/.test(pattern) ? `/**/${pattern}` : undefined
  if (path !== undefined || name !== undefined)
    return spawning(path ?? name ?? '', `${where}.blocklist`, left)
  left.push(`${where}.blocklist ${JSON.stringify(pattern)}: NOT FORBIDDEN, write a rule for it yourself`)
  return []
}

function absolute(path: string): string | undefined {
  if (/^(?:~|\$HOME)\//.test(path)) return path.replace(/^(?:~|\$HOME)/, '${HOME}')
  return path.startsWith('/') ? path : undefined
}

function spawning(path: string, where: string, left: string[]): string[] {
  try {
    return [formatCapability(parseCapability(`process:spawn:${path}`))]
  } catch {
    left.push(`${where} ${JSON.stringify(path)}: it is no pattern of ours; write a rule for it yourself`)
    return []
  }
}

/**
 * A policy with these agents and rules in it; what stands there stays, with its comments, and a rule of the same id is
 * not added again.
 *
 * @throws PolicyError `POLICY_INVALID` when either would not be a policy
 */
export function withImported(policy: string, file: string, { agents, rules }: Imported): string {
  const variables = { HOME: '/home', WORKSPACE: ['/home/work'] }
  const { value } = readPolicy(policy, file, variables).source
  const document = parseDocument(policy)
  const fresh = rules.filter(({ id }) => !(value.rules ?? []).some((each) => each.id === id))
  for (const name of agents) {
    if (value.agents?.[name] !== undefined) continue
    const made = { description: 'taken over from exec-approvals.json', role_preset: 'task' }
    if (!isMap(document.get('agents'))) document.set('agents', document.createNode({}))
    document.setIn(['agents', name], document.createNode(made))
  }
  if (fresh.length > 0 && !isSeq(document.get('rules'))) document.set('rules', document.createNode([]))
  for (const rule of fresh) document.addIn(['rules'], document.createNode(rule))
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: false })
  readPolicy(text, file, variables)
  return text
}

import { isAgentName } from '../../core/principal.ts'
import type { Entry } from '../../record/audit/index.ts'
import type { FieldValue, Observed } from '../../watch/detect/index.ts'

/** What Warder itself does about what it noticed: looked at again, it would feed itself. */
const OWN_ACTIONS = /^(?:alert|incident|integrity|canary|emergency|watch):/

/**
 * An entry as rules see it.
 *
 * @param labelsOf what an agent was shown that nobody vouches for
 * @returns undefined for what detection caused itself
 */
export function observedOf(
  entry: Entry,
  labelsOf: (agent: string) => readonly string[],
): Observed | undefined {
  const { details } = entry
  if (entry.agent === 'warder' && OWN_ACTIONS.test(entry.action)) return undefined
  const agent = agentOf(entry)
  const run = details['run']
  const tainted = agent === undefined ? '' : labelsOf(agent).join(' ')
  return {
    ...{ at: Date.parse(entry.timestamp), source: 'ledger', type: entry.event_type, seq: entry.seq },
    ...(agent === undefined ? {} : { agent }),
    ...(typeof run === 'string' ? { run } : {}),
    fields: { ...fieldsOf(entry), ...(tainted === '' ? {} : { tainted }) },
  }
}

function fieldsOf(entry: Entry): Record<string, FieldValue> {
  const { action, agent, target, result, decision, layer, rule, reason, risk_level: risk, details } = entry
  const fields: Record<string, FieldValue> = {
    action,
    by: agent,
    target,
    result,
    decision,
    layer,
    rule,
    reason,
    risk,
  }
  for (const [name, value] of Object.entries(details)) fields[`details.${name}`] = value
  return layer === 'mcp' ? { ...fields, ...toolIn(target) } : fields
}

/** The agent an entry is about: of a question whoever it is asked for, of a start whoever is started. */
function agentOf({ action, agent, target, details }: Entry): string | undefined {
  const { principal } = details
  if (action.startsWith('question:') && typeof principal === 'string') return agentNamed(principal)
  if (action === 'agent:start') return agentNamed(target)
  return agentNamed(agent)
}

function agentNamed(name: string): string | undefined {
  return isAgentName(name) ? name : undefined
}

/** An entry of the tool firewall names its target `server/tool`. */
function toolIn(target: string): Record<string, string> {
  const at = target.indexOf('/')
  return at === -1 ? { server: target } : { server: target.slice(0, at), tool: target.slice(at + 1) }
}

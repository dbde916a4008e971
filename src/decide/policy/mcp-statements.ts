import { isQuickPattern } from '../../core/quick-pattern.ts'
import type { Statement } from './compile.ts'
import type { McpDocument, McpServerDocument, McpToolDocument } from './mcp-schema.ts'
import type { Path, ReportAt } from './read.ts'

/** After what rules and `agent_risk` say, before what may be asked for. */
const ORDER = 40_000

/**
 * What the `mcp` section says, as statements like those of rules, so that one decision holds for the firewall, for hooks
 * and for whoever asks `policy explain`. Resources, prompts and questions are names a tool cannot have.
 */
export function mcpStatements({ servers }: McpDocument, where: (path: Path) => string): Statement[] {
  let order = ORDER
  return Object.entries(servers).flatMap(([name, server]) => {
    const statement = (
      effect: 'allow' | 'ask' | 'deny',
      what: string,
      rule: string,
      path: Path,
    ): Statement => ({
      capability: `tool:call:${name}/${what}`,
      parts: {
        source: 'rule',
        effect: raised(effect, server),
        rule: `mcp.${name}.${rule}`,
        reason: `mcp.servers.${name} of the policy says ${effect}`,
        capability: `tool:call:${name}/${what}`,
        order: order++,
        where: where(['mcp', 'servers', name, ...path]),
      },
      agents: server.agents ?? ['*'],
      roles: [],
    })
    return [
      ...Object.entries(server.tools ?? {}).map(([pattern, tool]) =>
        statement(actionOf(tool), pattern, `tools.${pattern}`, ['tools', pattern]),
      ),
      ...reached(server.resources).map((effect) =>
        statement(effect, '@resource', 'resources', ['resources']),
      ),
      ...reached(server.prompts).map((effect) => statement(effect, '@prompt', 'prompts', ['prompts'])),
      ...Object.entries(server.questions ?? {}).flatMap(([what, effect]) =>
        effect === undefined ? [] : [statement(effect, `@${what}`, `questions.${what}`, ['questions', what])],
      ),
    ]
  })
}

export function actionOf(tool: McpToolDocument | 'allow' | 'ask' | 'deny'): 'allow' | 'ask' | 'deny' {
  return typeof tool === 'string' ? tool : tool.action
}

/** What of a list is opened at all; which of it, the firewall holds. */
function reached(named: McpServerDocument['resources']): readonly ['allow'] | readonly [] {
  return Object.values(named ?? {}).some((effect) => effect !== 'deny') ? ['allow'] : []
}

/** Of a server nobody vouches for, nothing goes without a person. */
function raised(effect: 'allow' | 'ask' | 'deny', { tier }: McpServerDocument): 'allow' | 'ask' | 'deny' {
  return effect === 'allow' && (tier ?? 'untrusted') === 'untrusted' ? 'ask' : effect
}

/** What the shape of the section cannot say: rules that contradict themselves, and patterns nobody can hold. */
export function checkMcp({ servers }: McpDocument, report: ReportAt): void {
  for (const [name, server] of Object.entries(servers)) {
    for (const [pattern, tool] of Object.entries(server.tools ?? {})) {
      if (typeof tool === 'string') continue
      for (const [argument, rule] of Object.entries(tool.arguments ?? {})) {
        const at: ReportAt = (path, what, fix) =>
          report(['mcp', 'servers', name, 'tools', pattern, 'arguments', argument, ...path], what, fix)
        checkArgument(rule, at)
      }
    }
  }
}

type ArgumentDocument = NonNullable<McpToolDocument['arguments']>[string]

function checkArgument(rule: ArgumentDocument, report: ReportAt): void {
  const { pattern, path, below, url, hosts, command, text, range } = rule
  if (pattern !== undefined && !isQuickPattern(pattern)) {
    report(
      ['pattern'],
      'it is no expression that ends soon on every text',
      'leave out groups that repeat what repeats, references back, and looks ahead',
    )
  }
  if (below !== undefined && path === undefined)
    report(['below'], 'only a path lies somewhere', 'add path: read, write, list or delete')
  if (hosts !== undefined && url !== true) report(['hosts'], 'only a URL has a host', 'add url: true')
  const kinds = [path !== undefined, url === true, command === true, text === true].filter(Boolean)
  if (kinds.length > 1) report([], 'it is more than one of path, url, command and text', 'leave one of them')
  if (range !== undefined && range[0] > range[1])
    report(['range'], 'it ends before it begins', 'turn the two around')
}

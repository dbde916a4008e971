import type { Desk } from './desk.ts'
import { isMembers, type Members } from './frame.ts'
import { SERVER_QUESTIONS } from './policy.ts'
import type { Refusal } from './refusal.ts'
import { textsIn } from './texts.ts'

/** The revisions of MCP this firewall can read. */
export const REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const

export const CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'

/** The same capabilities without what the policy would refuse anyway, so that no server counts on it. */
export function narrowedCapabilities(desk: Pick<Desk, 'policy'>, capabilities: unknown): unknown {
  if (!isMembers(capabilities)) return capabilities
  const { questions } = desk.policy
  const closed = ['tasks', ...SERVER_QUESTIONS.filter((each) => questions[each] === 'deny')]
  const kept = Object.entries(capabilities).filter(([name]) => !closed.includes(name))
  return kept.length === Object.keys(capabilities).length ? capabilities : Object.fromEntries(kept)
}

/** The params of any request, with what a client says it can do narrowed. The same object where nothing was. */
export function narrowed(desk: Pick<Desk, 'policy'>, method: string, params: Members): Members {
  const inHello = method === 'initialize' ? narrowedCapabilities(desk, params['capabilities']) : undefined
  const meta = params['_meta']
  const inMeta = isMembers(meta) ? narrowedCapabilities(desk, meta[CLIENT_CAPABILITIES]) : undefined
  const isSame =
    (method !== 'initialize' || inHello === params['capabilities']) &&
    (!isMembers(meta) || inMeta === meta[CLIENT_CAPABILITIES])
  if (isSame) return params
  return {
    ...params,
    ...(method === 'initialize' ? { capabilities: inHello } : {}),
    ...(isMembers(meta) && meta[CLIENT_CAPABILITIES] !== undefined
      ? { _meta: { ...meta, [CLIENT_CAPABILITIES]: inMeta } }
      : {}),
  }
}

/** What a server says it is. Its instructions are held to what was approved; what reads like an attack is not handed on. */
export async function readHello(
  desk: Desk,
  result: Members,
): Promise<{ readonly result: Members } | { readonly refusal: Refusal }> {
  const { protocolVersion, instructions, capabilities, ...rest } = result
  if (protocolVersion !== undefined && !(REVISIONS as readonly unknown[]).includes(protocolVersion)) {
    return { refusal: refused('hello.revision', 'it speaks a revision of MCP nobody here knows') }
  }
  const seen = desk.ports.inspect.text(textsIn(rest).join('\n'), 'mcp-metadata')
  if (seen.verdict === 'blocked') {
    return {
      refusal: refused(seen.findings[0]?.rule ?? 'hello.text', 'what it says of itself reads like an attack'),
    }
  }
  const hasTasks = isMembers(capabilities) && capabilities['tasks'] !== undefined
  const open: Members = hasTasks
    ? {
        ...result,
        capabilities: Object.fromEntries(Object.entries(capabilities).filter(([name]) => name !== 'tasks')),
      }
    : result
  if (typeof instructions !== 'string' || instructions === '') return { result: open }
  const [judged] = await desk.catalogue.judge(
    'instructions',
    [{ name: 'instructions', definition: instructions }],
    false,
  )
  if (judged?.approval.isGood === true) return { result: open }
  const { instructions: _left, ...without } = open
  return { result: without }
}

function refused(rule: string, reason: string): Refusal {
  return {
    kind: 'server',
    layer: 'inspection',
    rule,
    reason,
    fix: 'look at what this server is before you use it',
  }
}

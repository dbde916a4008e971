import type { Desk } from './desk.ts'
import { isMembers, type Members } from './frame.ts'
import type { ServerPolicy } from './policy.ts'
import type { Inspectors } from './ports.ts'
import type { Refusal } from './refusal.ts'
import { dataTexts, textsIn, withTexts } from './texts.ts'

/** What is known of what passed. */
export interface Passed {
  /** The same object where nothing had to be changed. */
  readonly value: Members
  /** How many texts were masked. */
  readonly redacted: number
}

export type Masked = Passed | { readonly refusal: Refusal }

export interface Found {
  readonly rule: string
  readonly reason: string
}

/** What may be handed on of an answer, and what is to be told of it. */
export type Looked =
  | (Passed & { readonly isMarked: boolean; readonly found?: Found })
  | { readonly refusal: Refusal; readonly found: Found }

type Look = Pick<Inspectors, 'text' | 'redact' | 'secrets' | 'wrap'>

/** Masks, or refuses, keys and personal data in what a client sends; nothing else in it is changed. */
export function maskSecrets(value: Members, secrets: ServerPolicy['secrets'], inspect: Look): Masked {
  if (secrets === 'off') return { value, redacted: 0 }
  const joined = textsIn(value).join('\n')
  if (inspect.redact(joined) === joined) return { value, redacted: 0 }
  if (secrets === 'block') {
    const rule = inspect.secrets(joined)[0]?.rule ?? 'secret'
    return { refusal: secretRefusal(rule) }
  }
  let redacted = 0
  const masked = withTexts(value, (text) => {
    const changed = inspect.redact(text)
    if (changed !== text) redacted += 1
    return changed
  })
  return { value: masked as Members, redacted }
}

/** The params of a request with these of its members masked; the same object where nothing had to be. */
export function maskedParams(
  { policy, ports }: Pick<Desk, 'policy' | 'ports'>,
  params: Members,
  names: readonly string[],
): { readonly params: Members; readonly redacted: number } | { readonly refusal: Refusal } {
  const present = names.filter((name) => name !== '_meta' && Object.hasOwn(params, name))
  const given: Members = Object.fromEntries(present.map((name) => [name, params[name]]))
  const masked = maskSecrets(given, policy.secrets, ports.inspect)
  if ('refusal' in masked) return masked
  const { value, redacted } = masked
  return { params: value === given ? params : { ...params, ...value }, redacted }
}

function secretRefusal(rule: string): Refusal {
  return {
    kind: 'content',
    layer: 'inspection',
    rule: `secret.${rule}`,
    reason: 'it holds a key or personal data, and the policy lets none pass',
    fix: 'leave it out, or set `secrets: redact` for this server in the policy',
  }
}

export interface LookOptions {
  readonly secrets: ServerPolicy['secrets']
  readonly inspect: Look
  /** `server/tool`, for the envelope. */
  readonly source: string
  readonly labels: readonly string[]
}

/**
 * Looks into what a server says, all of it at once: what is cut into harmless pieces is put together again before it is
 * judged. Refused is what reads like an attack; what might be one is put into an envelope.
 */
export function lookInto(value: Members, options: LookOptions): Looked {
  const { inspect, secrets } = options
  const texts = textsIn(value)
  const data = { texts: [] as string[], isBroken: false }
  dataTexts(value, data)
  if (data.isBroken) return refused('content.encoding', 'its data is not base64')
  const seen = inspect.text([...texts, ...data.texts].join('\n'), 'tool-result')
  const [first] = seen.findings
  const found: Found | undefined =
    seen.verdict === 'clean'
      ? undefined
      : { rule: first?.rule ?? 'model', reason: first?.reason ?? 'it reads like an attack' }
  if (seen.verdict === 'blocked' && found !== undefined) return refused(found.rule, found.reason)
  if (secrets !== 'off' && data.texts.some((text) => inspect.redact(text) !== text)) {
    return refused('secret.in-data', 'its data holds a key or personal data, which cannot be masked there')
  }
  const masked = maskSecrets(value, secrets, inspect)
  if ('refusal' in masked) return { refusal: masked.refusal, found: masked.refusal }
  if (found === undefined) return { ...masked, isMarked: false }
  return { ...masked, value: enveloped(masked.value, options), isMarked: true, found }
}

function refused(rule: string, reason: string): Extract<Looked, { refusal: Refusal }> {
  const refusal: Refusal = {
    kind: 'content',
    layer: 'inspection',
    rule,
    reason,
    fix: 'look at the source of this text yourself before an agent reads it; warder scan text tells what was found',
  }
  return { refusal, found: { rule, reason } }
}

/** Texts a model reads get an envelope that says whose words they are. */
function enveloped(value: Members, { inspect, source, labels }: LookOptions): Members {
  const wrap = (text: string): string => inspect.wrap(text, { source, labels })
  const inner = (each: unknown): unknown => {
    if (!isMembers(each)) return each
    const { text, resource, content } = each
    return {
      ...each,
      ...(typeof text === 'string' ? { text: wrap(text) } : {}),
      ...(isMembers(resource) && typeof resource['text'] === 'string'
        ? { resource: { ...resource, text: wrap(resource['text']) } }
        : {}),
      ...(isMembers(content) ? { content: inner(content) } : {}),
    }
  }
  const lists = ['content', 'contents', 'messages'] as const
  const changed = lists.flatMap((name) => {
    const list = value[name]
    return Array.isArray(list) ? [[name, list.map(inner)] as const] : []
  })
  return { ...value, ...Object.fromEntries(changed) }
}

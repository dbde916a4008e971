import { digestOf, type Json } from '../../core/canonical.ts'
import { lookInto, maskSecrets } from './content.ts'
import type { Desk } from './desk.ts'
import { isMembers, type Members } from './frame.ts'
import { SERVER_REQUESTS } from './methods.ts'
import type { ServerQuestion } from './policy.ts'
import type { GateAnswer, GateQuestion } from './ports.ts'
import type { Refusal } from './refusal.ts'

/** What may be put to the client of a question of the server, or why not. */
export type QuestionRead = { readonly params: Members } | { readonly refusal: Refusal }

/**
 * A server asks its client for something: to have a model answer, a person type, or where the work is. Denied unless
 * policy names it; what asks for a secret is refused whatever policy says.
 */
export function readQuestion(
  desk: Desk,
  method: string,
  params: Members,
): QuestionRead | Promise<QuestionRead> {
  const what = Object.hasOwn(SERVER_REQUESTS, method) ? SERVER_REQUESTS[method] : undefined
  if (what === undefined)
    return { refusal: no(desk, 'question.unknown', `nobody knows the question ${method.slice(0, 80)}`) }
  if (what === 'ping') return { params }
  const action = desk.policy.questions[what]
  if (action === 'deny')
    return { refusal: no(desk, `mcp.${desk.policy.name}.questions.${what}`, `it may not ask for ${what}`) }
  const phishing = what === 'elicitation' ? asksForSecret(params) : undefined
  if (phishing !== undefined) return { refusal: no(desk, 'question.asks-for-secret', phishing) }
  const looked = lookInto(params, {
    ...{ secrets: desk.policy.secrets, inspect: desk.ports.inspect, labels: [] },
    source: `${desk.policy.name}/${what}`,
  })
  if ('refusal' in looked) return { refusal: looked.refusal }
  if (looked.isMarked)
    return {
      refusal: no(desk, looked.found?.rule ?? 'question', 'it reads like an attempt to steer a model'),
    }
  if (what === 'roots') return { params: looked.value }
  const said = desk.ask(questionFor(what, looked.value, action === 'ask'))
  const read = (answer: GateAnswer): QuestionRead =>
    answer.effect === 'allow' ? { params: looked.value } : { refusal: no(desk, answer.rule, answer.reason) }
  return said instanceof Promise ? said.then(read) : read(said)
}

function questionFor(what: ServerQuestion, params: Members, isAsked: boolean): GateQuestion {
  return {
    ...{ kind: 'question', name: what, touched: [], flows: [], isAsked },
    argumentsDigest: digestOf(params as Json),
    summary: JSON.stringify(params['message'] ?? params['messages'] ?? '').slice(0, 600),
  }
}

function no({ policy }: Desk, rule: string, reason: string): Refusal {
  return {
    ...{ kind: 'denied', layer: 'policy', rule, reason },
    fix: `see mcp.servers.${policy.name}.questions in the policy`,
  }
}

/** What nobody types into a form a stranger shows. */
const SECRET_WORD =
  /pass(?:word|code|phrase)|\bpwd\b|secret|credential|api[ _-]?key|access[ _-]?key|private[ _-]?key|(?:access|auth|bearer|session|refresh|api)[ _-]?token|\btoken\b|seed[ _-]?phrase|recovery[ _-]?(?:code|phrase)|mnemonic|\bpin\b|\botp\b|one[ _-]?time|\b2fa\b|\bmfa\b|card[ _-]?(?:number|no)|\bcvv?c?2?\b|\biban\b|social[ _-]?security|\bssn\b|kennwort|passwort|mot de passe|contrase[n\u00f1]a/i

/** @returns why, when a form wants what a person tells nobody, or leads to a page that cannot be told from another */
function asksForSecret(params: Members): string | undefined {
  const { message, requestedSchema, mode, url } = params
  const properties =
    isMembers(requestedSchema) && isMembers(requestedSchema['properties'])
      ? requestedSchema['properties']
      : {}
  const fields = Object.entries(properties).flatMap(([name, field]) => {
    const { title, description } = isMembers(field) ? field : {}
    return [spaced(name), title, description].filter((text) => typeof text === 'string')
  })
  const { title, description } = isMembers(requestedSchema) ? requestedSchema : {}
  const said = [message, title, description].filter((text) => typeof text === 'string')
  const asked = [...said, ...fields].find((text) => SECRET_WORD.test(readable(text)))
  if (asked !== undefined)
    return `it asks for what nobody types into a form: ${JSON.stringify(asked.slice(0, 120))}`
  if (mode !== 'url' && url === undefined) return undefined
  const parsed = typeof url === 'string' ? URL.parse(url) : null
  const isPlain =
    parsed?.protocol === 'https:' &&
    parsed.username === '' &&
    parsed.password === '' &&
    /^[\x21-\x7e]+$/.test(String(url)) &&
    !parsed.hostname.includes('xn--')
  return isPlain ? undefined : 'it leads to a place that is no plain https URL'
}

/** Without what cannot be seen, and with the letters of other scripts that pass for Latin ones read as these. */
function readable(text: string): string {
  const seen = text.normalize('NFKD').replaceAll(/[\p{Cf}\p{Mn}]/gu, '')
  return Array.from(seen, (letter) => ALIKE[letter] ?? letter).join('')
}

const ALIKE: Readonly<Record<string, string>> = Object.fromEntries(
  [...'аaсcеeіiјjоoрpѕsуyхxһhԁdкkтtмmвbнhοoαaρpιiκkνvτtεe'.matchAll(/(.)(.)/gu)].map(([, from, to]) => [
    from,
    to,
  ]),
)

/** `userPassword` and `user_password` are words too. */
function spaced(name: string): string {
  return name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll('_', ' ')
}

/** The questions embedded in an answer (2026-07-28), each read like one that came by itself. The first no is the answer's. */
export async function readEmbedded(
  desk: Desk,
  result: Members,
): Promise<{ readonly result: Members } | { readonly refusal: Refusal }> {
  const { inputRequests } = result
  if (inputRequests === undefined) return { result }
  if (!isMembers(inputRequests)) return { refusal: no(desk, 'question.shape', 'its questions are no object') }
  const read: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(inputRequests)) {
    const { method, params = {} } = isMembers(each) ? each : {}
    if (!isMembers(each) || typeof method !== 'string' || !isMembers(params)) {
      return { refusal: no(desk, 'question.shape', 'one of its questions is none') }
    }
    const said = await readQuestion(desk, method, params)
    if ('refusal' in said) return said
    Object.defineProperty(read, key, { value: { ...each, params: said.params }, enumerable: true })
  }
  return { result: { ...result, inputRequests: read } }
}

/** What a client answers to a question goes out like any other word of its. */
export function maskAnswer(
  desk: Desk,
  result: Members,
): { readonly value: Members } | { readonly refusal: Refusal } {
  return maskSecrets(result, desk.policy.secrets, desk.ports.inspect)
}

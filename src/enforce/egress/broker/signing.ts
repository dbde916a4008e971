import { createHash } from 'node:crypto'
import { refusal, type Refusal } from '../refusal.ts'
import type { AwsSigning, SecretBinding } from './binding.ts'
import { scopeText, signature, type Scope } from './sigv4.ts'
import { cut, percent, type Head } from './swap.ts'

/** A request that an agent signed with a placeholder, understood far enough to be signed again with the real key. */
export interface Signing {
  readonly binding: SecretBinding
  readonly aws: AwsSigning
  readonly form: 'header' | 'presigned'
  readonly scope: Scope
  readonly time: string
  readonly signedHeaders: readonly string[]
  /** undefined: the hash of the body, which has to be gathered for it. */
  readonly payload: string | undefined
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const HEX_SHA256 = /^[0-9a-f]{64}$/
const UNSIGNED = new Set(['UNSIGNED-PAYLOAD', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'])
/** What AWS allows a clock to be off; longer ones would be signatures for later. */
const CLOCK_MS = 15 * 60_000

/** Whether a request is signed with this binding's placeholder; a refusal where it is and cannot be signed again. */
export function signingOf(
  head: Head,
  binding: SecretBinding,
  aws: AwsSigning,
  nowMs: number,
): Signing | Refusal | undefined {
  const authorization = headerOf(head, 'authorization')
  const query = new URLSearchParams(cut(head.target, '?')[1] ?? '')
  const isPresigned = query.has('X-Amz-Algorithm')
  const algorithm = isPresigned ? query.get('X-Amz-Algorithm') : authorization?.split(' ', 1)[0]
  if (algorithm === undefined || algorithm === null || !algorithm.startsWith('AWS4-')) return undefined
  const credential = isPresigned ? query.get('X-Amz-Credential') : fieldOf(authorization, 'Credential')
  const [keyId, day = '', region = '', service = '', end] = credential?.split('/') ?? []
  if (keyId !== aws.placeholderKeyId) return undefined
  const time = (isPresigned ? query.get('X-Amz-Date') : headerOf(head, 'x-amz-date')) ?? ''
  const signedHeaders =
    (isPresigned ? query.get('X-Amz-SignedHeaders') : fieldOf(authorization, 'SignedHeaders')) ?? ''
  const payload = isPresigned ? presignedPayload(head, service) : headerOf(head, 'x-amz-content-sha256')
  if (algorithm !== ALGORITHM || end !== 'aws4_request')
    return cannot(binding, `it is signed by ${algorithm}`)
  if (!time.startsWith(day) || !isNow(time, nowMs))
    return cannot(binding, 'its X-Amz-Date is not the time it is now')
  if (payload !== undefined && !HEX_SHA256.test(payload) && !UNSIGNED.has(payload)) {
    return cannot(binding, `its body is signed piece by piece (${payload})`)
  }
  const form = isPresigned ? 'presigned' : 'header'
  const names = signedHeaders.split(';').filter((name) => name !== '')
  if (!names.includes('host')) return cannot(binding, 'its signature does not cover the host')
  return { binding, aws, form, scope: { day, region, service }, time, signedHeaders: names, payload }
}

/** The head with the real key's id and signature in place of the agent's. */
export function signAgain(head: Head, signing: Signing, body: Uint8Array): Head {
  const { aws, binding, scope, time, form } = signing
  const credential = `${aws.keyId}/${scopeText(scope)}`
  const unsigned = form === 'header' ? head : withQuery(head, { 'X-Amz-Credential': credential })
  const payload = signing.payload ?? createHash('sha256').update(body).digest('hex')
  const text = { head: unsigned, signedHeaders: signing.signedHeaders, payload, scope, time }
  const made = binding.value.use((secret) => signature(text, secret))
  if (form === 'presigned') return withQuery(unsigned, { 'X-Amz-Signature': made })
  const value = `${ALGORITHM} Credential=${credential}, SignedHeaders=${signing.signedHeaders.join(';')}, Signature=${made}`
  return {
    ...head,
    headers: head.headers.map(([name, old]) =>
      name.toLowerCase() === 'authorization' ? [name, value] : [name, old],
    ),
  }
}

/** A URL signed beforehand says nothing of its body to S3; elsewhere it has none. */
function presignedPayload(head: Head, service: string): string {
  const empty = createHash('sha256').digest('hex')
  return headerOf(head, 'x-amz-content-sha256') ?? (service === 's3' ? 'UNSIGNED-PAYLOAD' : empty)
}

function withQuery(head: Head, changes: Readonly<Record<string, string>>): Head {
  const [path, query = ''] = cut(head.target, '?')
  const pairs = query.split('&').map((pair) => {
    const [name] = cut(pair, '=')
    const value = changes[name]
    return value === undefined ? pair : `${name}=${percent(Buffer.from(value))}`
  })
  return { ...head, target: `${path}?${pairs.join('&')}` }
}

function headerOf({ headers }: Head, wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1]
}

function fieldOf(authorization: string | undefined, name: string): string | undefined {
  return new RegExp(`(?:^|[ ,])${name}=([^, ]+)`).exec(authorization ?? '')?.[1]
}

function isNow(time: string, nowMs: number): boolean {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
  if (s === undefined) return false
  const at = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
  return Math.abs(at - nowMs) <= CLOCK_MS
}

function cannot(binding: SecretBinding, why: string): Refusal {
  return refusal(
    'secret',
    'secret-signature',
    `a request for AWS cannot be signed with the real key of ${binding.name}: ${why}`,
    'let the client sign the whole body or none of it (payload signing off), with the time set right',
  )
}

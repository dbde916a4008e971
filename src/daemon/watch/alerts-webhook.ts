import type { SafeFetch } from '../../enforce/egress/index.ts'
import { sign } from '../approvals-webhook.ts'
import { invalidSender, sendFailed } from './alerts-error.ts'
import { isOneOf, type AlertEvent } from './alerts-event.ts'
import type { Sender } from './alerts-spool.ts'

export interface AlertWebhookOptions {
  readonly url: URL
  /** At least 32 bytes. */
  readonly secret: Uint8Array
  /** Which events; none: all. */
  readonly events: readonly string[]
  readonly wants: (event: AlertEvent) => boolean
  readonly fetch: SafeFetch
  readonly now: () => number
}

const LEAST_SECRET_BYTES = 32
const TIMEOUT_MS = 10_000

/**
 * Tells an address of alerts by a signed POST. The far end checks `warder-signature` over `warder-timestamp`,
 * `warder-id` and the body, throws away what is older than it likes, and what it has seen: a try whose answer was lost is
 * made again under the same id.
 *
 * @throws AlertError `ALERT_SENDER_INVALID`
 */
export function alertWebhook({ url, secret, events, wants, fetch, now }: AlertWebhookOptions): Sender {
  if (secret.length < LEAST_SECRET_BYTES)
    throw invalidSender(
      'the secret in alert.webhook_secret is shorter than 32 bytes',
      'make one: openssl rand -hex 32',
    )
  return {
    ...{ name: 'webhook', to: url.origin },
    wants: (event) => wants(event) && isOneOf(event.type, events),
    async send(event, id) {
      const timestamp = String(now())
      const body = JSON.stringify({
        v: 1,
        id,
        event: event.type,
        sent: new Date(now()).toISOString(),
        alert: event.alert,
      })
      const { status } = await fetch(url.href, {
        ...{ method: 'POST', body, timeoutMs: TIMEOUT_MS, redirects: 0, maxBytes: 65_536 },
        headers: {
          'content-type': 'application/json',
          'warder-id': id,
          'warder-timestamp': timestamp,
          'warder-signature': `v1=${sign(secret, [timestamp, id, body])}`,
        },
      })
      if (status < 200 || status > 299) throw sendFailed(`${url.origin} answered ${status}`)
    },
  }
}

import type { SettingValues } from '../platform/settings.ts'
import { secretIn } from './approvals-notifiers.ts'
import { WEBHOOK_ERRORS, WebhookError } from './approvals-webhook.ts'

const LEAST_SECRET_BYTES = 32

/**
 * The secret whoever brings chat messages signs with: the webhook's. Undefined where nobody can bring any.
 *
 * @throws WebhookError, FileError for one that is set and cannot be used: a lock that does not close is none
 */
export function bridgeSecretOf(
  values: Pick<SettingValues, 'people.socket' | 'approval.webhook_secret'>,
): Uint8Array | undefined {
  const path = values['approval.webhook_secret']
  if (values['people.socket'] === undefined || path === undefined) return undefined
  const secret = secretIn(path)
  if (secret.length >= LEAST_SECRET_BYTES) return secret
  throw new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_INVALID', {
    what: `the secret in ${path} is shorter than ${LEAST_SECRET_BYTES} bytes`,
    fix: 'make one: (umask 077; openssl rand -hex 32 > FILE)',
  })
}

import { accessSync, constants } from 'node:fs'
import { Breaker } from '../core/breaker.ts'
import type { Notifier, Question } from '../decide/approval/index.ts'
import { systemClock } from '../platform/clock.ts'
import { run } from '../platform/command.ts'
import { readPrivateFile } from '../platform/files.ts'
import type { SettingValues } from '../platform/settings.ts'
import { quietly } from './approvals-seals.ts'
import { invalidWebhook, WEBHOOK_ERRORS, WebhookError, webhookNotifier } from './approvals-webhook.ts'
import { ownAddress, ownFetch, type OwnFetchOptions } from './own-fetch.ts'

export interface NotifiersOptions {
  readonly values: OwnFetchOptions['values'] &
    Pick<SettingValues, 'approval.desktop' | 'approval.webhook_url' | 'approval.webhook_secret'>
  /** How Warder itself reaches an address. */
  readonly reach: Omit<OwnFetchOptions, 'values'>
  readonly now: () => number
  readonly redact: (text: string) => string
  /** Whether a yes to this may come from afar. */
  readonly mayAnswer: (question: Question) => boolean
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The ways to reach a person that were switched on. @throws WebhookError, FileError: a way that cannot work is no way */
export function notifiersOf(options: NotifiersOptions): readonly Notifier[] {
  const { values, environment } = options
  const url = values['approval.webhook_url']
  return [
    ...(values['approval.desktop'] ? desktop(environment) : []),
    ...(url === undefined ? [] : [spared(webhook(url, options))]),
  ]
}

function webhook(text: string, { values, reach, ...rest }: NotifiersOptions): Notifier {
  const setting = 'approval.webhook_url'
  const url = ownAddress(setting, text, invalidWebhook)
  const fetch = ownFetch({ setting, url, name: 'warder:approval' }, { values, ...reach })
  return webhookNotifier({ url, fetch, secret: secretIn(values['approval.webhook_secret']), ...rest })
}

/** An address that does not answer is left alone for a while, so that no question waits for it; it is tried again. */
export function spared(
  notifier: Notifier,
  breaker = new Breaker(notifier.name, systemClock.monotonicMs),
): Notifier {
  return {
    ...notifier,
    // an answer that is forged, or a question that was answered meanwhile, says nothing about who listens there
    tell: (question, signal) =>
      breaker.pass(
        () => notifier.tell(question, signal),
        (error) => !signal.aborted && error instanceof WebhookError && error.code === 'WEBHOOK_FAILED',
      ),
  }
}

export function secretIn(path: string | undefined): Uint8Array {
  const bytes = path === undefined ? undefined : readPrivateFile(path)
  if (bytes !== undefined) return Buffer.from(bytes.toString('latin1').trimEnd(), 'latin1')
  throw new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_INVALID', {
    what:
      path === undefined
        ? 'approval.webhook_url is set without approval.webhook_secret'
        : `there is no ${path}`,
    fix: 'make a secret for nobody else to read: (umask 077; openssl rand -hex 32 > FILE), and name FILE in approval.webhook_secret',
  })
}

const NOTIFY_SEND = '/usr/bin/notify-send'
/** What a notification daemon is found by. */
const SESSION = ['DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'HOME'] as const

/** Tells that somebody asks; what they ask is shown only where it can be answered. */
function desktop(environment: NotifiersOptions['environment']): Notifier[] {
  if (quietly(() => (accessSync(NOTIFY_SEND, constants.X_OK), true)) !== true) return []
  const session = SESSION.flatMap((name) => {
    const value = environment[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return [
    {
      name: 'desktop',
      canAnswer: false,
      async tell(question, signal) {
        const words = ['--app-name=Warder', '--urgency=critical', '--', ...desktopWords(question)]
        const environment = Object.fromEntries(session)
        const { code, reason } = await run(NOTIFY_SEND, words, {
          environment,
          timeoutMs: 5000,
          abort: signal,
        })
        if (code === 0 || reason === 'aborted') return undefined
        throw new Error(
          `notify-send ended as ${code === undefined ? reason : `exit ${code}`}: nobody was shown anything`,
        )
      },
    },
  ]
}

const LONGEST_NAME = 128

/** No word of an agent's own: kind and risk are ours, and of a name nothing is left that a desktop would take for markup. */
export function desktopWords({ principal, kind, action }: Question): readonly string[] {
  const name = principal.slice(0, LONGEST_NAME).replaceAll(/[^A-Za-z0-9._:@/+-]/g, '?')
  return [`${name} asks: ${kind.replaceAll('_', ' ')}, ${action.risk} risk`, 'Answer it with: warder approve']
}

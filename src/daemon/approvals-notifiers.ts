import { accessSync, constants } from 'node:fs'
import type { Notifier, Question } from '../decide/approval/index.ts'
import { run } from '../platform/command.ts'
import { readPrivateFile } from '../platform/files.ts'
import type { SettingValues } from '../platform/settings.ts'
import { quietly } from './approvals-seals.ts'
import { WEBHOOK_ERRORS, WebhookError, webhookNotifier } from './approvals-webhook.ts'

export interface NotifiersOptions {
  readonly values: Pick<
    SettingValues,
    'approval.desktop' | 'approval.webhook_url' | 'approval.webhook_secret'
  >
  readonly now: () => number
  readonly redact: (text: string) => string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The ways to reach a person that were switched on. @throws WebhookError, FileError: a way that cannot work is no way */
export function notifiersOf({ values, now, redact, environment }: NotifiersOptions): readonly Notifier[] {
  const url = values['approval.webhook_url']
  return [
    ...(values['approval.desktop'] ? desktop(environment) : []),
    ...(url === undefined
      ? []
      : [webhookNotifier({ url, secret: secretIn(values['approval.webhook_secret']), now, redact })]),
  ]
}

function secretIn(path: string | undefined): Uint8Array {
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
        await run(NOTIFY_SEND, ['--app-name=Warder', '--urgency=critical', ...desktopWords(question)], {
          environment: Object.fromEntries(session),
          timeoutMs: 5000,
          abort: signal,
        })
        return undefined
      },
    },
  ]
}

/** No word of an agent's own: its name is checked, kind and risk are ours. */
export function desktopWords({ principal, kind, action }: Question): readonly string[] {
  return [
    `${principal} asks: ${kind.replaceAll('_', ' ')}, ${action.risk} risk`,
    'Answer it with: warder approve',
  ]
}

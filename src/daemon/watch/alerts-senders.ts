import { join } from 'node:path'
import { isAtLeast } from '../../core/risk.ts'
import type { EgressEvent } from '../../enforce/egress/index.ts'
import { readPrivateFile } from '../../platform/files.ts'
import { egressEvent } from '../egress-events.ts'
import { ownAddress, ownFetch } from '../own-fetch.ts'
import { invalidSender } from './alerts-error.ts'
import type { AlertEvent } from './alerts-event.ts'
import { otlpSender } from './alerts-otlp.ts'
import { Spool, type Sender, type SpoolFacts } from './alerts-spool.ts'
import { syslogSender } from './alerts-syslog.ts'
import { alertWebhook } from './alerts-webhook.ts'
import type { WatchOptions } from './wire.ts'

/** The ways on from the feed that were switched on. */
export interface Senders {
  /** Never throws and never waits. */
  send(event: AlertEvent): void
  facts(): readonly SpoolFacts[]
  begin(): void
  close(): Promise<void>
}

export type SendersOptions = Pick<
  WatchOptions,
  'values' | 'engine' | 'append' | 'lost' | 'clock' | 'log' | 'version'
>

/** @throws AlertError `ALERT_SENDER_INVALID`, FileError: a way that cannot work is no way, and whoever set it learns it at once */
export function openSenders(options: SendersOptions): Senders {
  const { values, clock, lost } = options
  const spools = sendersOf(options).map(
    (sender) =>
      new Spool({
        directory: join(values['alert.directory'], 'outbox', sender.name),
        ...{ sender, lost, now: () => clock.now() },
      }),
  )
  return {
    send: (event) => spools.forEach((spool) => spool.put(event)),
    facts: () => spools.map((spool) => spool.facts()),
    begin: () => spools.forEach((spool) => spool.begin()),
    close: async () => void (await Promise.all(spools.map((spool) => spool.close()))),
  }
}

function sendersOf({ values, append, clock, log, version, engine }: SendersOptions): readonly Sender[] {
  const least = values['alert.send_severity']
  const wants = ({ alert }: AlertEvent) => isAtLeast(alert.severity, least)
  const now = () => clock.now()
  const record = async (event: EgressEvent) => void (await append(egressEvent(event)))
  const warn = (message: string) => log.warn(message)
  const reach = { values, clock, record, warn, policy: () => engine.policy().source.value }
  const senders: Sender[] = []
  const { 'alert.webhook_url': hook, 'alert.otlp_url': otlp, 'alert.syslog': syslog } = values
  if (hook !== undefined) {
    const setting = 'alert.webhook_url'
    const url = ownAddress(setting, hook, invalidSender)
    const fetch = ownFetch({ setting, url, name: 'warder:webhook' }, reach)
    const secret = secretIn(values['alert.webhook_secret'])
    senders.push(alertWebhook({ url, secret, wants, fetch, now, events: values['alert.webhook_events'] }))
  }
  if (otlp !== undefined) {
    const setting = 'alert.otlp_url'
    const url = ownAddress(setting, otlp, invalidSender)
    const fetch = ownFetch({ setting, url, name: 'warder:otlp' }, reach)
    senders.push(otlpSender({ url, wants, now, version, fetch }))
  }
  if (syslog !== undefined) senders.push(syslogSender({ address: syslog, wants, pid: process.pid }))
  return senders
}

function secretIn(path: string | undefined): Uint8Array {
  const bytes = path === undefined ? undefined : readPrivateFile(path)
  if (bytes !== undefined) return Buffer.from(bytes.toString('latin1').trimEnd(), 'latin1')
  throw invalidSender(
    path === undefined ? 'alert.webhook_url is set without alert.webhook_secret' : `there is no ${path}`,
    'make a secret for nobody else to read: (umask 077; openssl rand -hex 32 > FILE), and name FILE in alert.webhook_secret',
  )
}

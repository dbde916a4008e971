import { createSocket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { connect, isIP, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { messageOf, systemCode } from '../../core/error.ts'
import type { RiskLevel } from '../../core/risk.ts'
import { run } from '../../platform/command.ts'
import { invalidSender, sendFailed } from './alerts-error.ts'
import type { AlertEvent } from './alerts-event.ts'
import type { Sender } from './alerts-spool.ts'

export interface SyslogOptions {
  /** `unix:/dev/log`, `udp:HOST:PORT`, `tcp:HOST:PORT`. */
  readonly address: string
  readonly wants: (event: AlertEvent) => boolean
  readonly pid: number
}

/** authpriv of RFC 5424, table 1: for security, and not for everybody to read. */
const FACILITY = 10
const LEVEL: Readonly<Record<RiskLevel, number>> = { low: 5, medium: 4, high: 3, critical: 2 }
/** Every receiver takes so much (RFC 5424, section 6.1 asks for 2,048). */
const MOST_BYTES = 2048
const TIMEOUT_MS = 5000
const LOGGER = '/usr/bin/logger'

type Way =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number }

/**
 * Alerts as syslog messages. UDP and a local datagram socket do not say whether anybody read them: sent is all that can
 * be told.
 *
 * @throws AlertError `ALERT_SENDER_INVALID`
 */
export function syslogSender({ address, wants, pid }: SyslogOptions): Sender {
  const way = wayIn(address)
  return {
    ...{ name: 'syslog', to: address, wants },
    async send(event, id, signal) {
      const message = syslogMessage(event, { id, pid, host: hostname() })
      try {
        if (way.kind === 'udp') await overUdp(way, message)
        else await overStream(way, message, signal)
      } catch (cause) {
        const isDatagram = way.kind === 'unix' && systemCode(cause) === 'EPROTOTYPE'
        if (!isDatagram) throw sendFailed(`${address}: ${messageOf(cause)}`, cause)
        await overLogger(way.path, event, signal)
      }
    },
  }
}

function wayIn(address: string): Way {
  const [, kind, rest = ''] = /^(unix|udp|tcp):(.+)$/.exec(address) ?? []
  if (kind === 'unix' && rest.startsWith('/')) return { kind, path: rest }
  const [, host = '', port = ''] = /^(\[[0-9a-f:.]+\]|[^:\s]+):(\d{1,5})$/i.exec(rest) ?? []
  const bare = host.replace(/^\[|\]$/g, '')
  // an address, not a name: nobody who answers for names may choose where alerts go
  if ((kind === 'udp' || kind === 'tcp') && isIP(bare) !== 0 && Number(port) > 0 && Number(port) < 65_536)
    return { kind, host: bare, port: Number(port) }
  throw invalidSender(
    'alert.syslog is none of unix:/PATH, udp:ADDRESS:PORT and tcp:ADDRESS:PORT',
    'write unix:/dev/log, or the address of a receiver as numbers, such as udp:192.0.2.7:514',
  )
}

/** RFC 5424, section 6. */
export function syslogMessage(
  { type, alert }: AlertEvent,
  { id, pid, host }: { readonly id: string; readonly pid: number; readonly host: string },
): string {
  const { severity, time, rule, source, principal, incident, count, message } = alert
  const data = Object.entries({ id, event: type, rule, source, severity, principal, incident, count })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}="${String(value).replaceAll(/["\\\]]/g, '\\$&')}"`)
    .join('')
  const name = host.replaceAll(/[^\u0021-\u007e]/g, '').slice(0, 255) || '-'
  const head = `<${FACILITY * 8 + LEVEL[severity]}>1 ${time} ${name} warder ${pid} ALERT [warder@32473${data}] `
  return `${head}\ufeff${cutTo(message, MOST_BYTES - Buffer.byteLength(head) - 3)}`
}

function cutTo(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  // a sign that was cut in two decodes to a replacement character, which goes too
  return Buffer.from(text)
    .subarray(0, Math.max(0, bytes))
    .toString('utf8')
    .replace(/\ufffd$/, '')
}

async function overUdp(
  { host, port }: { readonly host: string; readonly port: number },
  message: string,
): Promise<void> {
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.send(message, port, host, (error) => (error === null ? resolve() : reject(error)))
    })
  } finally {
    socket.close()
  }
}

/** Each message with its length in front (RFC 6587, section 3.4.1), so that none can pretend to be two. */
async function overStream(
  way: Exclude<Way, { kind: 'udp' }>,
  message: string,
  signal: AbortSignal,
): Promise<void> {
  const bytes = Buffer.from(message)
  const socket: Socket =
    way.kind === 'unix' ? connect({ path: way.path }) : connect({ host: way.host, port: way.port })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  const end = () => socket.destroy(new Error('it took too long'))
  limit.addEventListener('abort', end, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('close', () => resolve())
      // the far end's goodbye says that it read; a socket that was only written to may have been closed on the way
      socket.resume()
      socket.once('connect', () => socket.end(Buffer.concat([Buffer.from(`${bytes.length} `), bytes])))
    })
  } finally {
    limit.removeEventListener('abort', end)
    socket.destroy()
  }
}

/** Node speaks no datagrams over local sockets; `logger` of util-linux does. The message goes by its input, not its words. */
async function overLogger(path: string, { alert, type }: AlertEvent, signal: AbortSignal): Promise<void> {
  if (!existsSync(LOGGER))
    throw sendFailed(`${path} is a datagram socket, and ${LOGGER} of util-linux is not there to speak to it`)
  const { severity, rule, principal, message } = alert
  const level = { low: 'notice', medium: 'warning', high: 'err', critical: 'crit' }[severity]
  const words = ['--socket', path, '--socket-errors=on', '--tag', 'warder', '--priority', `authpriv.${level}`]
  const input = `${type} ${severity} ${rule} ${principal} ${message}\n`
  const { code, stderr } = await run(LOGGER, words, { input, timeoutMs: TIMEOUT_MS, abort: signal })
  if (code !== 0) throw sendFailed(`${path}: logger: ${stderr.toString('utf8').trim().slice(0, 200)}`)
}

/** The machine the firewall stands on: its boot, its users, and who watches over a change. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, systemCode } from '../../core/error.ts'
import { run } from '../../platform/command.ts'
import { parseConfigFile } from '../../platform/config-file.ts'
import { readPrivateFile } from '../../platform/files.ts'
import { isSystemdRunning } from '../../platform/systemd.ts'
import { refuse } from './errors.ts'
import type { UserIds } from './outbound.ts'
import { readSettings, type FirewallSettings } from './settings.ts'
import type { FirewallState } from './state.ts'

const SYSTEMD_RUN = '/usr/bin/systemd-run'
const ARMED_WITHIN_MS = 30_000
const LOOK_EACH_MS = 50

/** The program that takes a change back, with everything it is started with. */
export interface Watcher {
  readonly file: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** @throws FirewallError `FIREWALL_SETTINGS`: not there, open to others, or wrong; also FileError `FILE_UNSAFE` */
export function loadSettings(path: string): FirewallSettings {
  const bytes = readPrivateFile(path)
  if (bytes === undefined) {
    return refuse(
      'FIREWALL_SETTINGS',
      `there is no ${path}`,
      `write what the firewall should be, then: chmod 600 '${path}' (docs/firewall.md shows one)`,
      { where: path },
    )
  }
  try {
    return readSettings(parseConfigFile(path, bytes.toString('utf8')))
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ConfigFileProblem') throw cause
    const where = 'where' in cause ? String(cause.where) : path
    return refuse('FIREWALL_SETTINGS', messageOf(cause), 'correct it there; nothing was changed', {
      where,
      cause,
    })
  }
}

/** @throws FirewallError `FIREWALL_SETTINGS` for a user this machine does not have */
export function userIds(
  { outboundUsers, timeUsers }: FirewallSettings,
  passwd = readText('/etc/passwd'),
): UserIds {
  const known = new Map(passwd.split('\n').map((line) => [line.split(':')[0] ?? '', line.split(':')[2]]))
  const idOf = (name: string): number => {
    const id = /^\d+$/.test(name) ? name : known.get(name)
    if (id !== undefined && /^\d+$/.test(id)) return Number(id)
    return refuse(
      'FIREWALL_SETTINGS',
      `this machine has no user ${name}`,
      'correct outbound.users or outbound.time_users of firewall.yaml, or make that user first',
    )
  }
  const ids = (names: readonly string[]) => [...new Set(names.map(idOf))].toSorted((a, b) => a - b)
  return { outbound: ids(outboundUsers), time: ids(timeUsers) }
}

export function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id').trim()
}

/** Whether packets of others go through this machine now. */
export function isRouting(): boolean {
  return ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].some((key) => {
    const path = `/proc/sys/net/${key}`
    return existsSync(path) && readText(path).trim() !== '0'
  })
}

/**
 * Starts who takes a change back, in a session of its own so that it outlives the command and the terminal. With
 * systemd it is a unit: a log-out may end every process of a session, and it must not end this one.
 *
 * @throws FirewallError `FIREWALL_UNGUARDED` unless it says in time that it watches
 */
export async function startWatch(state: FirewallState, id: string, watcher: Watcher): Promise<void> {
  if (isSystemdRunning() && isInFirstNetwork()) await startUnit(id, watcher)
  else startDetached(watcher)
  for (let waitedMs = 0; waitedMs < ARMED_WITHIN_MS; waitedMs += LOOK_EACH_MS) {
    if (state.watch(id) !== undefined) return
    await sleep(LOOK_EACH_MS)
  }
  refuse(
    'FIREWALL_UNGUARDED',
    'the process that would take the change back did not start',
    'look why: warder firewall rollback --when-due x --verbose; nothing was changed',
  )
}

function startDetached({ file, args, environment }: Watcher): void {
  const child = spawn(file, [...args], { detached: true, stdio: 'ignore', cwd: '/', env: { ...environment } })
  // told by its silence: nobody watches, so nothing is changed
  child.once('error', () => undefined)
  child.unref()
}

async function startUnit(id: string, { file, args, environment }: Watcher): Promise<void> {
  const set = Object.entries(environment).map(([name, value]) => `--setenv=${name}=${value}`)
  const words = ['--quiet', '--collect', `--unit=warder-firewall-${id}`, ...set, '--', file, ...args]
  const { code, stderr } = await run(SYSTEMD_RUN, words)
  if (code !== 0) {
    refuse(
      'FIREWALL_UNGUARDED',
      `systemd-run did not start who takes the change back: ${stderr.toString('utf8').trim()}`,
      'nothing was changed; see: systemctl status',
    )
  }
}

/** A unit works in the machine's own network; a change made in another must be taken back there. */
function isInFirstNetwork(): boolean {
  try {
    return readlinkSync('/proc/self/ns/net') === readlinkSync('/proc/1/ns/net')
  } catch (error) {
    if (['EACCES', 'ENOENT'].includes(systemCode(error) ?? '')) return false
    throw error
  }
}

export function readText(path: string): string {
  return readFileSync(path, 'utf8')
}

/** What the commands of the firewall share: the machine, its settings, and the owner's act in the record. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FirewallActName } from '../../api/firewall.ts'
import { calls } from '../../client/calls.ts'
import { ClientError } from '../../client/error.ts'
import { digestOf, type Json } from '../../core/canonical.ts'
import { messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import {
  bootId,
  FIREWALL_ERRORS,
  FirewallError,
  FirewallState,
  loadSettings,
  openNft,
  readText,
  requireNetAdmin,
  startWatch,
  type FirewallHost,
  type FirewallSettings,
} from '../../enforce/firewall/index.ts'
import { settingArguments } from '../../platform/config-arguments.ts'
import type { Context } from '../command.ts'

/** The socket of an agent, in its sandbox. */
const AGENT_SOCKET = '/run/warder/agent.sock'

export function firewallDirectory({ config }: Context): string {
  return join(config.values['paths.state'], 'firewall')
}

export function settingsPath({ config }: Context): string {
  return join(config.values['paths.config'], 'firewall.yaml')
}

export function settingsOf(context: Context): FirewallSettings {
  return loadSettings(settingsPath(context))
}

/** @throws FirewallError `FIREWALL_RIGHTS` for an agent, and for a process without CAP_NET_ADMIN */
export function openHost(context: Context): FirewallHost {
  refuseAgents(context)
  requireNetAdmin(readText('/proc/self/status'), process.getuid?.() ?? -1)
  const state = new FirewallState(firewallDirectory(context))
  return {
    nft: openNft(),
    state,
    clock: context.clock,
    newId,
    boot: bootId(),
    setWatch: (id) => startWatch(state, id, watcherOf(context, id)),
  }
}

export function refuseAgents({ config }: Context): void {
  if (config.values['paths.socket'] !== AGENT_SOCKET) return
  throw new FirewallError(FIREWALL_ERRORS, 'FIREWALL_RIGHTS', {
    what: 'an agent may not change the firewall of the machine',
    fix: 'ask the owner; a way out of the sandbox is asked for with warder request',
  })
}

/** The same program with the same settings, so that it takes back exactly what this one put in force. */
function watcherOf({ config, environment }: Context, id: string) {
  const words = ['firewall', 'rollback', '--when-due', id, ...settingArguments(config)]
  const kept = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR']
  const known = kept.flatMap((name) =>
    environment[name] === undefined ? [] : [[name, environment[name]] as const],
  )
  return {
    file: process.execPath,
    args: [...process.execArgv, process.argv[1] ?? '', ...words],
    environment: Object.fromEntries(known),
  }
}

interface Act {
  readonly act: FirewallActName
  readonly about: string
  /** Everything that will be done. */
  readonly input: Json
  readonly reason?: string
}

/**
 * Asks and records, does it, and records what became of it. Without a daemon there is nobody to ask: the owner is told,
 * and the firewall's own notes keep the act.
 *
 * @throws ClientError when a daemon runs and says no, or what answers is not our daemon: then nothing is done
 */
export async function recorded<T>(
  context: Context,
  { act, about, input, reason }: Act,
  does: () => Promise<T>,
): Promise<T> {
  const asked = { act, about, digest: digestOf(input), ...(reason === undefined ? {} : { reason }) }
  const isRecorded = await ask(context, asked)
  try {
    const done = await does()
    if (isRecorded) await tell(context, act, about, 'success', '')
    return done
  } catch (error) {
    if (isRecorded) await tell(context, act, about, 'failure', messageOf(error))
    throw error
  }
}

async function ask(
  context: Context,
  asked: { act: FirewallActName; about: string; digest: string; reason?: string },
): Promise<boolean> {
  try {
    await calls(await context.client({ start: false })).call('firewallAsk', asked)
    return true
  } catch (error) {
    if (!(error instanceof ClientError) || error.code !== 'DAEMON_UNREACHABLE') throw error
    context.out.warn(
      'no daemon runs, so this is not in the ledger; it is noted in acts.jsonl of the firewall',
    )
    return false
  }
}

/** For the record alone: what was done stays done, also when it cannot be written down. */
export async function tell(
  { client, out }: Context,
  act: FirewallActName,
  about: string,
  result: 'success' | 'failure',
  note: string,
): Promise<void> {
  try {
    await calls(await client({ start: false })).call('firewallTell', {
      act,
      about,
      result,
      note: note.slice(0, 500),
    })
  } catch (error) {
    out.warn(`the outcome is not in the ledger: ${messageOf(error)}`)
  }
}

export function pause(ms: number): Promise<void> {
  return sleep(ms)
}

import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  emergencyDirectory,
  eraseFile,
  eraseInside,
  leftInside,
  readLock,
  writeLock,
  type WipeStep,
} from '../../contain/emergency/index.ts'
import { createStopStore, haltRuns, StopError } from '../../contain/stop/index.ts'
import { forgetSession, readSession } from '../../client/session.ts'
import { sha256 } from '../../core/canonical.ts'
import { membersOf } from '../../enforce/sandbox/index.ts'
import { ensurePrivateDirectory } from '../../platform/files.ts'
import type { SettingValues } from '../../platform/settings.ts'
import type { Context } from '../command.ts'
import { askDaemon, daemonProcesses, endDaemon, until, type DaemonPlace } from './emergency-daemon.ts'
import { emptyKernelKeys, emptyKeychain, kernelKeys, leftInKeychain, stillOpens } from './emergency-stores.ts'
import { HOLD, recordedRuns } from './stop.ts'

/** Level 1: everything stands still and is shut, and nothing is lost. Works with a daemon, without one, and while one hangs. */
export function lockSteps(context: Context, reason: string): WipeStep[] {
  const { values } = context.config
  const level = 1
  return [
    {
      ...{ level, name: 'agents', about: 'every agent is stopped, and no process of one is left' },
      act: () => stopAgents(context, reason),
      verify: () => whatRuns(values),
    },
    {
      ...{ level, name: 'lock', about: 'no key of the secret store is in memory, and no session goes on' },
      act: () => lock(context, reason),
      verify: () => whatIsOpen(context, reason),
    },
    {
      ...{ level, name: 'session-token', about: 'the owner’s session is forgotten here' },
      act: () => forgetSession(values['paths.runtime']),
      verify: () =>
        readSession(values['paths.runtime']) === undefined ? undefined : 'the token is still there',
    },
  ]
}

async function stopAgents({ config, clock }: Context, reason: string): Promise<void> {
  const state = config.values['paths.state']
  ensurePrivateDirectory(state)
  const store = createStopStore(state)
  const stop = { since: new Date(clock.now()).toISOString(), by: 'owner', reason }
  const write = (): void => {
    try {
      store.stop(undefined, stop)
    } catch (error) {
      if (!(error instanceof StopError)) throw error
      store.stopAll(stop) // one that cannot be understood becomes one that stops all
    }
  }
  const first: { problem?: unknown } = {}
  const receipts = await haltRuns({
    list: () => recordedRuns(config.values['paths.runtime']),
    hold: HOLD,
    monotonicMs: () => clock.monotonicMs(),
    whenFrozen() {
      try {
        write()
      } catch (error) {
        first.problem = error // what runs is killed all the same
      }
    },
  })
  if (first.problem !== undefined) write()
  store.note({ reason, at: stop.since, receipts, told: false })
}

function whatRuns(values: SettingValues): string | undefined {
  if (createStopStore(values['paths.state']).read().all === undefined) return 'the stop is not in force'
  const alive = recordedRuns(values['paths.runtime']).filter(({ init }) => membersOf(init).length > 0)
  return alive.length === 0 ? undefined : `still run: ${alive.map(({ agent }) => agent).join(', ')}`
}

/** One that did not answer will hardly end by itself either. */
const DEAF_MS = 500

/** The lock is a file, so that it holds whoever hangs; the daemon is told, and one that does not answer is ended. */
async function lock(context: Context, reason: string): Promise<void> {
  const state = context.config.values['paths.state']
  const since = new Date(context.clock.now()).toISOString()
  if (readLock(state) === undefined) writeLock(state, { since, by: 'owner', reason, recorded: false })
  const answer = await askDaemon(context, 'emergencyLock', reason)
  if (answer === undefined) await endDaemon(context, DEAF_MS)
}

async function whatIsOpen(context: Context, reason: string): Promise<string | undefined> {
  if (readLock(context.config.values['paths.state']) === undefined) return 'the lock is not written'
  const pids = daemonProcesses(context)
  if (pids.length === 0) return undefined // no process has keys, sessions or ways out
  // a way out closes a moment after the run that had it ended
  for (let tries = 0; ; tries += 1) {
    const answer = await askDaemon(context, 'emergencyShow', reason)
    if (answer === undefined) return `a daemon runs (pid ${pids.join(', ')}) and does not answer`
    const open = [
      ...(answer.lock === undefined ? ['the daemon does not hold the lock'] : []),
      ...(answer.keysInMemory ? ['the daemon has keys in memory'] : []),
      ...(answer.sessions > 0 ? [`${answer.sessions} sessions go on`] : []),
      ...(answer.waysOut > 0 ? [`${answer.waysOut} ways out are open`] : []),
    ]
    if (open.length === 0 || tries >= 20) return open.length === 0 ? undefined : open.join(', ')
    await until(context, () => false, 100)
  }
}

/** From level 2 on: no daemon, and none begins meanwhile. */
export function daemonStep(context: Context, place: DaemonPlace): WipeStep {
  return {
    ...{ level: 2, name: 'daemon', about: 'the daemon has ended, and with it what it had in memory' },
    act: async () => {
      await endDaemon(context)
      place.take()
    },
    verify: () => {
      const pids = daemonProcesses(context)
      if (pids.length > 0) return `pid ${pids.join(', ')} still runs`
      return place.isHeld ? undefined : 'its lock could not be taken'
    },
  }
}

const RECORD_KEY = 'checkpoint.keys.json'

/** Level 2: every key but the one that signs the record of this. */
export function keySteps({ config: { values }, home }: Context): WipeStep[] {
  const keys = values['paths.keys']
  const level = 2
  const files = (
    name: string,
    about: string,
    paths: readonly string[],
    more?: () => string | undefined,
  ): WipeStep => ({
    ...{ level, name, about },
    act: () => eraseAll(paths),
    verify: () => left(paths) ?? more?.(),
  })
  const ofKeys = (...names: string[]) => names.map((name) => join(keys, name))
  const inOthers = (): string[] =>
    isThere(keys)
      ? readdirSync(keys)
          .filter((name) => name !== RECORD_KEY)
          .map((name) => join(keys, name))
      : []
  const bootKey = values['secrets.boot_key']
  return [
    {
      ...{ level, name: 'keychain', about: 'no secret of Warder’s is in the keychain of the desktop' },
      act: () => emptyKeychain(values),
      verify: () => leftInKeychain(values),
    },
    {
      ...{ level, name: 'kernel-keys', about: 'no secret of Warder’s is in the kernel’s key store' },
      act: () => emptyKernelKeys(values),
      verify: () => {
        const found = kernelKeys(values)
        return found.length === 0 ? undefined : `${found.length} keys are left`
      },
    },
    files(
      'secret-keys',
      'the secret store cannot be opened, with its passphrase neither',
      [values['secrets.key_file'], ...(bootKey === undefined ? [] : [bootKey])],
      () => stillOpens(values),
    ),
    files(
      'signing-keys',
      'nothing can be signed in the name of this house but the record',
      ofKeys('grant.keys.json', 'approval.keys.json', 'receipt.keys.json'),
    ),
    files(
      'pairing-keys',
      'guests, devices, agents and sessions prove nothing here any more',
      ofKeys('secret.root', 'socket.secret'),
    ),
    {
      ...{ level, name: 'other-keys', about: 'no other key is kept' },
      act: () => eraseInside(keys, home, [join(keys, RECORD_KEY)]),
      verify: () => left(inOthers()),
    },
  ]
}

/** Level 3, up to the record: what agents, people and Warder wrote. */
export function dataSteps({ config, home }: Context): WipeStep[] {
  const { values } = config
  const state = values['paths.state']
  const keep = [emergencyDirectory(state), values['audit.directory'], values['paths.runtime']]
  const bootFile = values['secrets.boot_file']
  return [
    inside('secret-store', 'the secret store is erased', join(state, 'secrets'), home),
    ...(bootFile === undefined ? [] : [file('boot-file', 'the boot file is erased', bootFile)]),
    ...layersOf(state).map((path, at) => inside(`layers-${at + 1}`, `${path} is erased`, path, home)),
    inside('alerts', 'the alert feed is erased', values['alert.directory'], home),
    inside('cache', 'the cache is erased', values['paths.cache'], home),
    inside(
      'state',
      'grants, snapshots, changes, people and everything else Warder kept are erased',
      state,
      home,
      keep,
    ),
  ]
}

/** Level 3, once the record of it is signed: the ledger, the key that signed, policies and settings, and what runs left. */
export function lastSteps(context: Context, place: DaemonPlace): WipeStep[] {
  const { config, home } = context
  const { values } = config
  const runtime = values['paths.runtime']
  const isOutside = (path: string) => !`${path}/`.startsWith(`${values['paths.config']}/`)
  const policyFile = values['policy.file']
  const profiles = values['profiles.dir']
  return [
    inside('ledger', 'the ledger and its archives are erased', values['audit.directory'], home),
    file(
      'record-key',
      'the key that signed the record of this is erased',
      join(values['paths.keys'], RECORD_KEY),
    ),
    ...(isOutside(policyFile) ? [file('policy', 'the policy is erased', policyFile)] : []),
    ...(isOutside(profiles) ? [inside('profiles', 'your profiles are erased', profiles, home)] : []),
    inside('settings', 'policies, profiles and settings are erased', values['paths.config'], home),
    {
      ...{ level: 3, name: 'hold', about: 'no agent may start here until you resume' },
      act: () => {
        const since = new Date(context.clock.now()).toISOString()
        createStopStore(values['paths.state']).stopAll({ since, by: 'owner', reason: 'emergency wipe' })
      },
      verify: () => whatRuns(values),
    },
    {
      ...inside('runtime', 'logs, sockets and notes of runs are erased', runtime, home),
      act: () => {
        place.release()
        eraseInside(runtime, home)
      },
    },
  ]
}

function file(name: string, about: string, path: string): WipeStep {
  return { name, level: 3, about, act: () => eraseAll([path]), verify: () => left([path]) }
}

function inside(
  name: string,
  about: string,
  path: string,
  home: string,
  keep: readonly string[] = [],
): WipeStep {
  return {
    ...{ name, level: 3, about },
    act: () => eraseInside(path, home, keep),
    verify: () => leftInside(path, keep),
  }
}

/** Each for itself: one that cannot be erased does not save the others. */
function eraseAll(paths: readonly string[]): void {
  const thrown = paths.flatMap((path) => {
    try {
      if (isThere(path)) eraseFile(path)
      return []
    } catch (error) {
      return [error]
    }
  })
  if (thrown.length > 0) throw thrown[0]
}

function left(paths: readonly string[]): string | undefined {
  const found = paths.filter(isThere)
  return found.length === 0 ? undefined : `left: ${found.join(', ')}`
}

/** A link counts, wherever it leads. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Where root keeps what it hands to agents of other users; of this house, by the name of its state. */
const GIVEN_AWAY = '/var/lib/warder-agents'

function layersOf(state: string): string[] {
  if (process.getuid?.() !== 0 || !isThere(GIVEN_AWAY)) return []
  const prefix = `${sha256(state).slice(0, 16)}-`
  return readdirSync(GIVEN_AWAY)
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(GIVEN_AWAY, name))
}

import { randomBytes } from 'node:crypto'
import { messageOf } from '../core/error.ts'
import { createSecretScanner, type SecretScanner } from '../decide/inspect/secret/index.ts'
import type { LeakMatch } from '../enforce/secrets/index.ts'
import type { GateEvent, Rooms } from '../gate/index.ts'
import type { Log } from '../platform/log.ts'
import type { SettingValues } from '../platform/settings.ts'
import { readLock } from '../contain/emergency/index.ts'
import type { Acts } from './acts.ts'
import type { Handlers } from './http/app.ts'
import type { ComposeOptions } from './house.ts'
import { secretHandlers } from './http/secrets.ts'
import type { People } from './people.ts'
import { bindingsFor, type BindingsRequest, type LentSecret } from './secrets-bindings.ts'
import { CATALOGUE_CHANGE, catalogueEvent, SECRET_USE, useEvent, type SecretUse } from './secrets-events.ts'
import { overdue, rotateDue } from './secrets-due.ts'
import { SecretsRoom } from './secrets-room.ts'

export interface SecretsOptions {
  readonly values: SettingValues
  /** What the daemon was started with. */
  readonly options: Pick<ComposeOptions, 'environment' | 'taken' | 'home' | 'log'>
  readonly ledger: {
    readonly query: (filter: {
      action: string
      agent?: string
      order?: 'newest'
      limit: number
    }) => readonly {
      readonly target: string
      readonly details: Readonly<Record<string, string | number | boolean>>
    }[]
  }
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly acts: Acts
  readonly rooms: Rooms
  readonly people: People
  readonly now: () => number
}

/** What the rest of the house knows of secrets. */
export interface Secrets {
  /** For whoever contains: to shut it, and to take secrets out of use. */
  readonly room: Pick<
    SecretsRoom,
    'shut' | 'reopen' | 'shutBecause' | 'disable' | 'list' | 'isThere' | 'isLocked' | 'isProtected'
  >
  /** Whether the record says that this agent was lent that secret. */
  readonly wasLent: (agent: string, name: string) => boolean
  readonly handlers: ReturnType<typeof secretHandlers>
  /** Adds what is wrong with secrets, and which are old, to what is shown as degraded. */
  readonly inStatus: <H extends Pick<Handlers, 'status'>>(handlers: H) => H
  /** Whether there is a store, and what is wrong with it as a whole. */
  readonly facts: () => { readonly isThere: boolean; readonly problems: readonly string[] }
  /** Takes the keys out of memory while the emergency lock is in force. @returns whether there is none now */
  readonly shutIfTold: () => boolean
  /** The secrets of one run, for its way out. */
  readonly bindingsFor: (request: BindingsRequest) => Promise<LentSecret[]>
  /** The hosts one is bound to. @throws SecretsError `SECRET_UNKNOWN`, `SECRETS_LOCKED` */
  readonly hostsOf: (name: string) => readonly string[]
  /** What became of one at the way out; the use of a twin takes the real one out of use. */
  readonly used: (use: SecretUse) => Promise<void>
  readonly close: () => void
}

const LOOK_EVERY_MS = 10 * 60_000
const LOCK_LOOK_MS = 5000

/** Opens the store and everything around it. */
export async function openSecrets(options: SecretsOptions): Promise<Secrets> {
  const { values, ledger, append, lost, now } = options
  const { environment, taken = new Map(), home, log } = options.options
  const last = ledger.query({ action: CATALOGUE_CHANGE, order: 'newest', limit: 1 })[0]
  const room = new SecretsRoom({
    ...{ values, environment, taken, now },
    seenRevision: Number(last?.details['revision'] ?? 0),
    changed: (revision) => void append(catalogueEvent(revision)).catch(lost),
    shut: () => whyLocked(values['paths.state']),
  })
  await room.begin()
  if (taken.size > 0) log.info(`taken out of the environment: ${[...taken.keys()].join(', ')}`)
  const wasUsed = (agent: string, name: string): boolean =>
    ledger.query({ action: `${SECRET_USE}lent`, agent, limit: 10_000 }).some(({ target }) => target === name)
  const timer = setInterval(() => void rotateDue(room, options).catch(lost), LOOK_EVERY_MS).unref()
  // whoever asks finds it locked in time anyway; this takes the key out of memory when nobody does
  const look = (): void => {
    room.shutIfTold()
    room.lockWhenOver()
  }
  const lockTimer = setInterval(look, LOCK_LOOK_MS).unref()
  void rotateDue(room, options).catch(lost)
  return {
    room,
    wasLent: wasUsed,
    handlers: secretHandlers({ ...options, room, home, scan: scannerFor(room) }),
    inStatus: (handlers) => withSecrets(handlers, () => [...room.problems(), ...overdue(room, now())]),
    facts: () => ({ isThere: room.isThere, problems: room.problems() }),
    shutIfTold: () => {
      room.shutIfTold()
      return !room.isOpen
    },
    bindingsFor: (request) => bindingsFor({ ...options, room, wasUsed }, request),
    hostsOf: (name) => room.book().find(name).hosts,
    async used(use) {
      // out of use first: on record or not, a stolen value must not go on being used
      if (use.what === 'canary' && !use.name.startsWith('canary.')) disable(room, use, log)
      await append(useEvent(use))
    },
    close() {
      clearInterval(timer)
      clearInterval(lockTimer)
      room.close()
    },
  }
}

function whyLocked(stateDirectory: string): string | undefined {
  const lock = readLock(stateDirectory)
  return lock === undefined
    ? undefined
    : `the emergency lock is in force since ${lock.since}: ${lock.reason}; no secret is opened`
}

/** The rules of the library that redacts; the same value is tagged alike as long as the store is the same. */
function scannerFor(room: SecretsRoom): (text: string) => readonly LeakMatch[] {
  const made: { scanner?: SecretScanner } = {}
  return (text) => {
    const key = () => (room.isThere ? room.vault().mac('scan', '') : randomBytes(32))
    made.scanner ??= createSecretScanner({ key: key(), minimum: 'medium' })
    return made.scanner.scan(text)
  }
}

function disable(room: SecretsRoom, { name, agent, run }: SecretUse, log: Log): void {
  try {
    room
      .book()
      .disable(name, `its twin was used by ${agent} in run ${run}: whoever used it read what it should not`)
  } catch (error) {
    log.error(`${name} could not be taken out of use: ${messageOf(error)}`)
  }
}

function withSecrets<H extends Pick<Handlers, 'status'>>(handlers: H, degraded: () => string[]): H {
  const status: Handlers['status'] = async (input, caller) => {
    const answer = await handlers.status(input, caller)
    return { ...answer, degraded: [...answer.degraded, ...degraded()] }
  }
  return { ...handlers, status }
}

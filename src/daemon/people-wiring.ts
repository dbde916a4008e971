import { createServer } from 'node:http'
import type { EndpointName, OutputOf } from '../api/endpoints.ts'
import { messageOf } from '../core/error.ts'
import { parseDurationMs } from '../core/quantity.ts'
import type { GrantBook } from '../decide/policy/index.ts'
import type { Rooms } from '../gate/index.ts'
import type { Clock } from '../platform/clock.ts'
import { bugFields, type Log } from '../platform/log.ts'
import { peerLookup } from '../platform/peer.ts'
import type { Ledger } from '../record/audit/index.ts'
import type { Acts } from './acts.ts'
import { consoleHandlers } from './console/handlers.ts'
import { DaemonConsole } from './console/wire.ts'
import type { Handler, Handlers } from './http/app.ts'
import { peopleApprovalCalls } from './http/people-approvals.ts'
import { createPeopleApp } from './http/people-app.ts'
import { peopleCalls } from './http/people-calls.ts'
import { peopleHandlers } from './http/people.ts'
import { pairingHandlers } from './http/pairing.ts'
import { isWideGrant, type People } from './people.ts'
import { endOverdue, endRunsOf, memberExec } from './people-exec.ts'
import { openPeopleSocket } from './people-socket.ts'
import type { Questions } from './questions.ts'
import type { Runs } from './runs.ts'

/** Calls of the owner that loosen something; with a passphrase set, each needs it given a short time ago. */
type Loosening =
  | 'resume'
  | 'policyReload'
  | 'grantAdd'
  | 'trustSet'
  | 'autonomySet'
  | 'airlockOpen'
  | 'taintClear'
  | 'mcpPinTrust'
  | 'mcpPinReset'
  | 'firewallAsk'
  | 'budgetSet'
  | 'budgetReset'
  | 'integrityBaseline'
  | 'canaryRemove'

/** Puts the passphrase before the calls that loosen something. Who is not the owner is left to the gate. */
export function guardLoosening<H extends Partial<Pick<Handlers, Loosening>>>(people: People, handlers: H): H {
  const guarded = { ...handlers }
  const put = <N extends Loosening>(name: N, needs: (input: Parameters<Handler<N>>[0]) => boolean): void => {
    const handle = handlers[name] as Handler<N> | undefined
    if (handle === undefined) return
    const checked = async (input: Parameters<Handler<N>>[0], caller: Parameters<Handler<N>>[1]) => {
      const isOwner = people.identify(caller.credential).role === 'owner'
      if (isOwner && needs(input)) await people.fresh(caller.credential, name)
      return await handle(input, caller)
    }
    Object.assign(guarded, { [name]: checked })
  }
  put('resume', () => true)
  put('policyReload', () => true)
  put('budgetSet', () => true)
  put('budgetReset', () => true)
  put('integrityBaseline', () => true)
  put('canaryRemove', () => true)
  put('trustSet', ({ stage }) => stage !== 'draft')
  put('autonomySet', ({ level }) => level !== 'manual')
  put('airlockOpen', () => true)
  put('taintClear', () => true)
  put('mcpPinTrust', () => true)
  put('mcpPinReset', () => true)
  put('firewallAsk', ({ act }) => !['confirm', 'rollback', 'restore', 'revoke'].includes(act))
  put('grantAdd', ({ capability, duration }) =>
    isWideGrant(capability, duration === undefined ? undefined : parseDurationMs(duration)),
  )
  return guarded
}

export interface PeopleWiring {
  readonly people: People
  readonly acts: Acts
  readonly rooms: Rooms
  readonly grants: GrantBook
  readonly ledger: Ledger
  readonly now: () => number
  readonly socket: string | undefined
}

/** The owner's calls about people. */
export function ownersPeopleHandlers(wiring: PeopleWiring) {
  return { ...peopleHandlers(wiring), ...pairingHandlers(wiring), ...consoleHandlers(wiring) }
}

type Shown = Extract<EndpointName, 'status' | 'runs'>

/** All the owner's calls, with the passphrase before those that loosen something, and names to what runs. */
export function guardedHandlers<H extends Pick<Handlers, Shown | Loosening>>(people: People, handlers: H): H {
  return withIdentities(people, guardLoosening(people, handlers))
}

/** Adds to what is shown of each run who it is, and to the status what is wrong with the book of people and the console. */
function withIdentities<H extends Pick<Handlers, Shown>>(people: People, handlers: H): H {
  const named = (run: OutputOf<'runs'>['runs'][number]) => {
    const identity = people.room.runs.get(run.run)
    if (identity === undefined) return run
    const { uid, program, programDigest } = identity
    return {
      ...run,
      identity: { uid, program, ...(programDigest === undefined ? {} : { sha256: programDigest }) },
    }
  }
  const status: Handlers['status'] = async (input, caller) => {
    const answer = await handlers.status(input, caller)
    const console = people.console?.problem()
    const problems = [
      people.room.problem(),
      console === undefined ? undefined : `the console is not on: ${console}`,
    ].filter((problem) => problem !== undefined)
    return { ...answer, runs: answer.runs.map(named), degraded: [...answer.degraded, ...problems] }
  }
  const runs: Handlers['runs'] = async (input, caller) => ({
    runs: (await handlers.runs(input, caller)).runs.map(named),
  })
  return { ...handlers, status, runs }
}

export interface PeopleDoorOptions extends PeopleWiring {
  readonly handlers: Handlers
  readonly questions: Questions
  readonly runs: Runs
  readonly clock: Clock
  readonly log: Log
}

/** Opens the ways in for people: the console, and the socket for guests and devices, as they are set. */
export async function openPeopleDoor(options: PeopleDoorOptions): Promise<() => Promise<void>> {
  const { people, acts, ledger, handlers, questions, clock, log } = options
  const console = new DaemonConsole({ people, acts, ledger, handlers, questions, clock, log })
  await console.begin()
  people.console = console
  const closeSocket = await openMembersDoor(options)
  return async () => {
    await console.turnOff()
    await closeSocket()
  }
}

/** The socket for guests and devices; and ends what they run when they may no longer act. */
async function openMembersDoor(options: PeopleDoorOptions): Promise<() => Promise<void>> {
  const { people, runs, rooms, acts, now, handlers, socket: path, clock, log } = options
  people.onLeft = (member) => endRunsOf(runs, member, 'its rights were taken away')
  const { status, stop } = handlers
  const calls = {
    ...peopleCalls({ people, rooms, acts, now, exec: memberExec(runs), status, stop }),
    ...peopleApprovalCalls({ people, rooms, acts, questions: options.questions }),
  }
  const members = () => {
    const all = people.room.roomsIfAny()?.members
    return all === undefined ? [] : [...all.list('guest'), ...all.list('device')]
  }
  const stopLooking = endOverdue(runs, members, (member) => people.rooms().members.isLive(member))
  if (path === undefined) {
    return async () => {
      stopLooking()
      people.close()
    }
  }
  const late: { uidOf?: (socket: unknown) => number | undefined } = {}
  const app = createPeopleApp({
    people,
    handlers: calls,
    uidOf: (socket) => late.uidOf?.(socket),
    monotonicMs: () => clock.monotonicMs(),
    bug: (error) => log.error(`unexpected: ${messageOf(error)}`, bugFields(error)),
  })
  const http = createServer({ headersTimeout: 5000, requestTimeout: 30_000, keepAliveTimeout: 5000 }, app)
  http.emit('listening') // only then does Node look for clients that stall
  const listener = await openPeopleSocket({ path, http, peers: peerLookup() })
  late.uidOf = listener.uidOf
  return async () => {
    stopLooking()
    await listener.close()
    http.close()
    people.close()
  }
}

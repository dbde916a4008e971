/**
 * How the firewall changes: checked first, watched from before it happens, in force in one step, and taken back by
 * itself unless somebody who can still reach the machine says that it is good.
 */
import type { Clock } from '../../platform/clock.ts'
import { messageOf } from '../../core/error.ts'
import { FIREWALL_ERRORS, FirewallError, refuse } from './errors.ts'
import { lasting } from './drift.ts'
import { REMOVAL, replacing, type Batch, type Passing, type Table } from './model.ts'
import type { Nft, NftInput } from './nft.ts'
import { linesOf } from './show.ts'
import type { Change, FirewallState } from './state.ts'

export interface FirewallHost {
  readonly nft: Nft
  readonly state: FirewallState
  readonly clock: Clock
  readonly newId: () => string
  /** Changes at every boot. */
  readonly boot: string
  /** Starts who takes the change back; returns when it watches. @throws FirewallError `FIREWALL_UNGUARDED` */
  readonly setWatch: (id: string) => Promise<void>
}

/** How long after its time a change may still be there before nobody can be watching any more. */
const LATE_MS = 10_000
/** A change nobody watches yet was not put in force either. */
const ARMING_MS = 60_000

/**
 * Puts a table in force for `windowMs`. It stays only when {@link confirm} is called within that time.
 *
 * @throws FirewallError `FIREWALL_PENDING`, `FIREWALL_REFUSED`, `FIREWALL_UNGUARDED`; nothing is changed then
 */
export async function apply(host: FirewallHost, table: Table, windowMs: number): Promise<Change> {
  const { nft, state, clock } = host
  await settle(host)
  const change = await prepared(host, table, windowMs)
  state.begin(change)
  try {
    await host.setWatch(change.id)
    await nft.load(change.batch as Batch)
  } catch (error) {
    // not in force, so there is nothing to take back
    state.finish(change.id)
    throw error
  }
  if (state.pending()?.id !== change.id && state.confirmed()?.id !== change.id) await tooLate(host, change)
  state.setLines(change.id, lasting((await nft.text()) ?? ''))
  state.note({ at: clock.now(), act: 'apply', id: change.id })
  return change
}

async function prepared(
  { nft, state, clock, newId, boot }: FirewallHost,
  table: Table,
  windowMs: number,
): Promise<Change> {
  const batch = replacing(table, passing(state), clock.now())
  await nft.check(batch)
  const before = (await nft.text()) ?? null
  // a change that could not be taken back is not made
  await nft.check(wayBack(before))
  return { id: newId(), begun: clock.now(), boot, windowMs, before, wanted: linesOf(table), batch }
}

/** The time ran out while the rules were on their way: what was taken back must stay so. */
async function tooLate({ nft, state }: FirewallHost, change: Change): Promise<never> {
  await nft.load(wayBack(change.before))
  state.finish(change.id)
  refuse(
    'FIREWALL_NOT_PENDING',
    'the rules took longer than the time to confirm them, and were taken back',
    'give it more time: warder firewall apply --within 5m',
  )
}

/** @throws FirewallError `FIREWALL_NOT_PENDING` when nothing waits, or its time is over */
export async function confirm(host: FirewallHost): Promise<Change> {
  await settle(host)
  const { state, clock } = host
  const change = state.pending()
  const none = () =>
    refuse(
      'FIREWALL_NOT_PENDING',
      'no change waits to be confirmed: there was none, or its time was over and it was taken back',
      'put it in force again: warder firewall apply',
    )
  if (change === undefined || state.lines(change.id) === undefined) return none()
  const earlier = state.confirmed()?.id
  if (!state.confirm(change.id)) return none()
  state.finishWatch(change.id)
  if (earlier !== undefined) state.finish(earlier)
  state.note({ at: clock.now(), act: 'confirm', id: change.id })
  return change
}

/** Takes back the change that waits, now. @returns it, or undefined when it was confirmed or taken back already */
export async function rollBack(host: FirewallHost, id?: string): Promise<Change | undefined> {
  const change = host.state.pending()
  if (change === undefined || (id !== undefined && change.id !== id)) return undefined
  if (!host.state.beginUndo(change.id)) return undefined
  await undo(host, change)
  return change
}

async function undo({ nft, state, clock }: FirewallHost, change: Change): Promise<void> {
  try {
    await nft.load(wayBack(change.before))
  } catch (cause) {
    // the note stays, so that the next command tries again
    throw new FirewallError(FIREWALL_ERRORS, 'FIREWALL_NOT_BACK', {
      what: `the earlier firewall could not be put back: ${messageOf(cause)}`,
      fix: 'run sudo warder firewall status to try again, or sudo warder firewall remove to have none',
      cause,
    })
  }
  // noted first: another command may be finishing the same, and one of the two will find nothing left to finish
  state.note({ at: clock.now(), act: 'rollback', id: change.id })
  state.finish(change.id)
}

/** Waits until the time of a change is over, then takes it back unless it was confirmed. For a process of its own. */
export async function watchOver(
  host: FirewallHost,
  id: string,
  sleep: (ms: number) => Promise<void>,
): Promise<Change | undefined> {
  const { state, clock } = host
  const change = state.pending()
  if (change?.id !== id) return undefined
  const end = clock.monotonicMs() + change.windowMs
  state.setWatch(id, { pid: process.pid, dueMs: clock.now() + change.windowMs })
  while (clock.monotonicMs() < end) {
    await sleep(Math.min(1000, Math.max(1, end - clock.monotonicMs())))
    if (state.pending()?.id !== id) return undefined
  }
  return await rollBack(host, id)
}

/**
 * Finishes what somebody left: a way back that was cut off, a change whose watch died, one from before a boot.
 *
 * @returns whether something was taken back
 */
export async function settle(host: FirewallHost): Promise<boolean> {
  const { state, boot } = host
  const cut = state.undoing()
  if (cut !== undefined) {
    if (cut.boot === boot) await undo(host, cut)
    else state.finish(cut.id)
    return true
  }
  const change = state.pending()
  if (change === undefined) return false
  if (change.boot !== boot) {
    state.finish(change.id)
    return true
  }
  if (!isAbandoned(host, change)) return false
  return (await rollBack(host, change.id)) !== undefined
}

function isAbandoned({ state, clock }: FirewallHost, { id, begun }: Change): boolean {
  const watch = state.watch(id)
  return watch === undefined ? clock.now() > begun + ARMING_MS : clock.now() > watch.dueMs + LATE_MS
}

/** Takes the table away. @throws FirewallError `FIREWALL_REFUSED` */
export async function remove(host: FirewallHost): Promise<void> {
  const { nft, state, clock } = host
  // named first, so that nobody takes back a change onto what was removed
  for (const change of [state.pending(), state.undoing()]) if (change !== undefined) state.finish(change.id)
  await nft.load({ nftables: REMOVAL })
  state.forgetConfirmed()
  for (const { id } of state.openings()) state.dropOpening(id)
  for (const { id } of state.blocks()) state.dropBlock(id)
  state.note({ at: clock.now(), act: 'remove' })
}

/**
 * After a boot: puts the last confirmed table in force again. One that was never confirmed is not.
 *
 * @throws FirewallError `FIREWALL_NOT_APPLIED` when nothing was ever confirmed
 */
export async function restore(host: FirewallHost): Promise<Change> {
  await settle(host)
  const { nft, state, clock } = host
  if (state.pending() !== undefined)
    refuse(
      'FIREWALL_PENDING',
      'a change waits to be confirmed',
      'confirm it or take it back: warder firewall confirm',
    )
  const change =
    state.confirmed() ??
    refuse('FIREWALL_NOT_APPLIED', 'no firewall was ever confirmed here', 'run: warder firewall apply')
  await nft.load(freshened(change.batch as Batch, host))
  state.setLines(change.id, lasting((await nft.text()) ?? ''))
  state.note({ at: clock.now(), act: 'restore', id: change.id })
  return change
}

/** The same rules, with the openings and blocks that still have time. */
function freshened({ nftables }: Batch, { state, clock }: FirewallHost): Batch {
  const rules = nftables.filter((command) => !('add' in command && isElement(command.add)))
  const { nftables: again } = replacing({ sets: [], chains: [] }, passing(state), clock.now())
  return { nftables: [...rules, ...again.filter((command) => 'add' in command && isElement(command.add))] }
}

function passing(state: FirewallState): Passing {
  return { openings: state.openings(), blocks: state.blocks() }
}

function isElement(added: unknown): boolean {
  return typeof added === 'object' && added !== null && 'element' in added
}

function wayBack(before: string | null): NftInput {
  if (before === null) return { nftables: REMOVAL }
  return { text: `add table inet warder\ndelete table inet warder\n${before}` }
}

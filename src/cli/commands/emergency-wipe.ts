import { setTimeout as sleep } from 'node:timers/promises'
import {
  confirmationWord,
  emergencyError,
  isWhole,
  readWipe,
  runSteps,
  writeWipe,
  type StepResult,
  type WipeLevel,
  type WipeNotes,
  type WipeStep,
} from '../../contain/emergency/index.ts'
import { messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import { openKeys } from '../../record/sign/index.ts'
import { command, type Context } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { flag, integerOption, option } from '../param.ts'
import { SecretInput } from '../secret-input.ts'
import { DaemonPlace } from './emergency-daemon.ts'
import { requirePassphrase } from './emergency-owner.ts'
import { openWipeRecord, type WipeRecord } from './emergency-record.ts'
import { daemonStep, dataSteps, keySteps, lastSteps, lockSteps } from './emergency-steps.ts'
import { refuseAgents } from './firewall-host.ts'

export const emergencyWipe = command({
  name: 'emergency wipe',
  about: 'lock everything, destroy every key, or destroy everything',
  details: [
    'Level 1 stops every agent, takes keys out of memory, ends sessions and shuts the airlock. It asks for nothing, and warder emergency unlock lifts it. Level 2 does that and destroys the keys of the secret store, of signatures and of pairings. Level 3 does that and erases secrets, state, ledger, policies and settings; what stays is a signed record of the wipe, and the stop.',
    'Levels 2 and 3 ask for the owner’s passphrase and a word that names this installation, count down, and write to the ledger before anything is destroyed: where that cannot be written they are refused, and level 1 holds. Every step is looked at afterwards. One that fails does not keep the others from being done; it is told, and the exit code is 7. All of it works with a daemon that is dead or hangs.',
    'Keys are destroyed first, since nothing is readable without them. Nothing is claimed about what a disk keeps below its file system: against somebody who reads its chips only encryption of the whole disk helps.',
  ],
  examples: [
    { run: 'warder emergency wipe --level 1 --reason "laptop left my hands"', does: 'locks, at once' },
    { run: 'warder emergency wipe --level 3', does: 'asks, counts down from 5, and destroys everything' },
    { run: 'warder emergency wipe --resume', does: 'goes on where a wipe broke off' },
  ],
  options: {
    level: integerOption('1 lock, 2 keys, 3 everything', 1, 3),
    reason: option('why; kept in the record'),
    confirm: option('the word that is asked for, instead of typing it', { value: 'WORD' }),
    fromFd: integerOption('read the passphrase from this descriptor instead of asking', 0, 1023),
    noCountdown: flag('begin at once'),
    resume: flag('go on with a wipe that broke off'),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  handlesInterrupt: true,
  async run({ level: asked, reason = 'emergency', confirm, fromFd, noCountdown, resume }, context) {
    refuseAgents(context)
    const before = resume ? unfinished(context) : undefined
    const level = before?.level ?? (asked as WipeLevel | undefined)
    if (level === undefined)
      throw new CliError(CLI_ERRORS, 'USAGE', { what: 'no level is named', fix: 'add --level 1, 2 or 3' })
    if (level > 1 && before === undefined) {
      await requirePassphrase(context, await new SecretInput(context, fromFd).next('the owner’s passphrase'))
      await confirmName(context, installationWord(context, level), confirm, WARNINGS[level])
      if (!noCountdown) await countDown(context)
    }
    const startedAt = new Date(context.clock.now()).toISOString()
    const fresh: WipeNotes = { v: 1, id: newId(), level, reason, status: 'running', startedAt, steps: [] }
    const wipe = new Wipe(context, before === undefined ? fresh : { ...before, status: 'running' }, resume)
    return report(context, await wipe.run())
  },
})

const WARNINGS: Readonly<Record<WipeLevel, string>> = {
  1: 'everything is locked',
  2: 'every key is destroyed: what the secret store holds is lost for ever',
  3: 'everything Warder holds is destroyed for ever: secrets, ledger, snapshots, policies, settings',
}

/** The steps of one wipe, with the notes that let another process go on with it. */
class Wipe {
  readonly #context: Context
  readonly #isResumed: boolean
  #notes: WipeNotes
  #done: readonly StepResult[] = []

  constructor(context: Context, notes: WipeNotes, isResumed: boolean) {
    this.#context = context
    this.#notes = notes
    this.#isResumed = isResumed
  }

  async run(): Promise<WipeNotes> {
    const { level, reason } = this.#notes
    const place = new DaemonPlace(this.#context.config.values['paths.runtime'])
    const lock = lockSteps(this.#context, reason)
    try {
      await this.#phase(level === 1 ? lock : [...lock, daemonStep(this.#context, place)])
      if (level > 1) await this.#destroy(place)
    } finally {
      place.release()
    }
    this.#save({ status: isWhole(this.#done) ? 'done' : 'incomplete', endedAt: this.#now() })
    return this.#notes
  }

  async #destroy(place: DaemonPlace): Promise<void> {
    const isAll = this.#notes.level === 3
    const keys = keySteps(this.#context)
    const last = isAll ? lastSteps(this.#context, place) : []
    const steps = [...keys, ...(isAll ? dataSteps(this.#context) : [])]
    const record = await this.#recorded([...steps, ...last].map(({ name }) => name))
    await this.#phase(steps)
    await this.#close(record)
    await this.#phase(last)
  }

  /** Before anything is destroyed. @throws EmergencyError `EMERGENCY_REFUSED` */
  async #recorded(steps: readonly string[]): Promise<WipeRecord | undefined> {
    // one that broke off is on record since it began; what it destroyed may be the very key that wrote it
    const isOnRecord = this.#notes.entry !== undefined
    try {
      const record = await openWipeRecord(this.#context, this.#isResumed)
      this.#save({ entry: await record.begin(this.#notes, steps) })
      return record
    } catch (cause) {
      if (isOnRecord) return undefined
      this.#save({ status: 'refused', endedAt: this.#now() })
      throw emergencyError(
        'EMERGENCY_REFUSED',
        `nothing was destroyed, since the ledger cannot be written: ${messageOf(cause)}; everything is locked`,
        'mend the ledger (warder doctor), then the same again; the lock is lifted with warder emergency unlock',
        cause,
      )
    }
  }

  /** The end of it, as far as it can be told by what is destroyed next. */
  async #close(record: WipeRecord | undefined): Promise<void> {
    const { config, out } = this.#context
    try {
      await record?.end(this.#notes, this.#done)
      record?.sign(config.values['paths.state'], { ...this.#notes, steps: [...this.#done] })
    } catch (error) {
      out.warn(`the end of it is not in the ledger: ${messageOf(error)}`)
    } finally {
      await record?.close().catch(() => undefined) // what is erased next need not be closed well
    }
  }

  async #phase(steps: readonly WipeStep[]): Promise<void> {
    const earlier = this.#done
    const { out } = this.#context
    this.#done = [
      ...earlier,
      ...(await runSteps(steps, {
        saved: (results) => this.#save({ steps: [...earlier, ...results] }),
        told: ({ name, state, about, why }) =>
          out.note(state === 'done' ? `${name}: ${about}` : `${name}: FAILED: ${why ?? about}`),
      })),
    ]
    this.#save({ steps: [...this.#done] })
  }

  #save(change: Partial<WipeNotes>): void {
    this.#notes = { ...this.#notes, ...change }
    try {
      writeWipe(this.#context.config.values['paths.state'], this.#notes)
    } catch (error) {
      // on a disk that is full it must go on all the same
      this.#context.out.warn(`the notes of this wipe were not written: ${messageOf(error)}`)
    }
  }

  #now(): string {
    return new Date(this.#context.clock.now()).toISOString()
  }
}

/** @throws EmergencyError `EMERGENCY_STATE` */
function unfinished({ config }: Context): WipeNotes {
  const notes = readWipe(config.values['paths.state'])
  if (notes?.status === 'running' || notes?.status === 'incomplete') return notes
  throw emergencyError('EMERGENCY_STATE', 'no wipe broke off here', 'name a level to begin one')
}

/** @throws SignError when there are no keys: then there is nothing to destroy */
export function installationWord({ config }: Pick<Context, 'config'>, level: WipeLevel): string {
  const keys = openKeys(config.values['paths.keys'], { create: false })
  return confirmationWord(level, keys.signer('checkpoint').keyId)
}

const COUNT_FROM = 5

async function countDown({ out, signal }: Context): Promise<void> {
  for (let left = COUNT_FROM; left > 0; left -= 1) {
    out.note(`${left} … (Ctrl-C: nothing is done)`)
    try {
      await sleep(1000, undefined, { signal })
    } catch {
      throw new CliError(CLI_ERRORS, 'DECLINED', {
        what: 'it was called off; nothing was done',
        fix: 'the same again, when it is meant',
      })
    }
  }
}

function report({ out }: Context, notes: WipeNotes): number {
  const failed = notes.steps.filter(({ state }) => state !== 'done')
  const lines = [
    ...notes.steps.map(({ name, state, about, why }) => {
      const word = state === 'done' ? out.style('green', 'done  ') : out.style('red', 'FAILED')
      return `${word}  ${name.padEnd(14)} ${why ?? about}`
    }),
    failed.length === 0
      ? `level ${notes.level}: each of ${notes.steps.length} steps was done and seen to be done`
      : `level ${notes.level}: NOT WHOLE, ${failed.length} of ${notes.steps.length} steps failed: warder emergency wipe --resume`,
    NEXT[notes.level],
  ]
  out.result(notes, lines.join('\n'))
  return failed.length === 0 ? EXIT.ok : EXIT.unavailable
}

const NEXT: Readonly<Record<WipeLevel, string>> = {
  1: 'to lift it: warder emergency unlock, then warder resume --all --reason …',
  2: 'what is left is in the ledger; to begin anew: warder init',
  3: 'what is left is the record of this; workspaces, and settings of other programs that name Warder, were not touched',
}

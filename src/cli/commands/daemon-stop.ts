import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { calls } from '../../client/calls.ts'
import { messageOf, systemCode } from '../../core/error.ts'
import { readPrivateFile } from '../../platform/files.ts'
import { command, type Context } from '../command.ts'

const WAIT_MS = 12_000
const LOOK_MS = 25
/** A daemon that hangs answers nobody; it is then ended through its supervisor. */
const ANSWER_MS = 5000

export const daemonStop = command({
  name: 'daemon stop',
  about: 'end the daemon, and with it every run',
  details: [
    'It settles and signs the record first; what has not ended within 10 seconds is ended with it. One that hangs is ended by its supervisor, agents first.',
  ],
  examples: [{ run: 'warder daemon stop', does: 'fine when none runs' }],
  exits: ['unavailable'],
  async run(_input, context) {
    const { out, clock, config } = context
    const directory = config.values['paths.runtime']
    const answer = await answering(context)
    // asked after the answer: one that hangs may have been replaced while we waited for it
    const { pid: held, supervisor } = holderOf(directory)
    const pid = typeof answer === 'number' ? answer : held
    const leader = supervisor ?? pid
    if (leader === undefined) return out.result({ pid: null }, `no daemon runs: ${String(answer)}`)
    // the supervisor, where there is one: it ends its daemon, hung or not, and does not take the end for a crash
    tellToEnd(leader)
    const until = clock.monotonicMs() + WAIT_MS + config.values['daemon.hung_after']
    const left = () => [leader, pid].filter((each) => each !== undefined && isWarder(each))
    while (left().length > 0 && clock.monotonicMs() < until)
      await new Promise((done) => setTimeout(done, LOOK_MS))
    if (left().length > 0) throw new Error(`pid ${left().join(', ')} has not ended; see its log`)
    out.result({ pid: pid ?? null }, `ended: pid ${pid ?? leader}`)
  },
})

/** @returns its pid, or why none answers */
async function answering({ client }: Context): Promise<number | string> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS)
    return (await calls(await client({ start: false })).call('daemon', {}, signal)).pid
  } catch (error) {
    return messageOf(error)
  }
}

const HolderShape = z.object({ pid: z.int().min(2), supervisor: z.int().min(2).optional() })

/** Who holds the lock and who watches over him, each unless he is gone; a number alone could be anybody's by now. */
export function holderOf(directory: string): { readonly pid?: number; readonly supervisor?: number } {
  try {
    const text = readPrivateFile(join(directory, 'daemon.json'))?.toString() ?? ''
    const holder = Object.entries(HolderShape.parse(JSON.parse(text)))
    return Object.fromEntries(holder.filter(([, pid]) => pid !== undefined && isWarder(pid)))
  } catch {
    return {}
  }
}

function tellToEnd(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error // it ended by itself meanwhile
  }
}

export function isWarder(pid: number): boolean {
  try {
    // dead when no thread is left: its first may end before the others have let go of lock and socket
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    if (fields[0] === 'Z' && Number(fields[17]) <= 1) return false
    return (
      fields[0] === 'Z' || /warderd\.js|daemon\/main\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    )
  } catch {
    return false
  }
}

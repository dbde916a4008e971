import { calls } from '../../client/calls.ts'
import { messageOf } from '../../core/error.ts'
import { command } from '../command.ts'

const WAIT_MS = 12_000
const LOOK_MS = 25

export const daemonStop = command({
  name: 'daemon stop',
  about: 'end the daemon, and with it every run',
  details: ['It settles and signs the record first; what has not ended within 10 seconds is ended with it.'],
  examples: [{ run: 'warder daemon stop', does: 'fine when none runs' }],
  exits: ['unavailable'],
  async run(_input, { client, out, clock }) {
    let pid: number
    try {
      pid = (await calls(await client({ start: false })).call('status', {})).pid
    } catch (error) {
      return out.result({ pid: null }, `no daemon runs: ${messageOf(error)}`)
    }
    process.kill(pid, 'SIGTERM')
    const until = clock.monotonicMs() + WAIT_MS
    while (isThere(pid) && clock.monotonicMs() < until) await new Promise((done) => setTimeout(done, LOOK_MS))
    if (isThere(pid)) throw new Error(`pid ${pid} has not ended within ${WAIT_MS / 1000} s`)
    out.result({ pid }, `ended: pid ${pid}`)
  },
})

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, option } from '../param.ts'

export const hookRelease = command({
  name: 'hook release',
  about: 'let a locked session go on; it has to prove itself again',
  details: [
    'Find out first why its program let a refused call run: a mode that overrides hooks, or none at all.',
  ],
  examples: [
    {
      run: 'warder hook release 44fdd563 --reason "hooks were off, now on"',
      does: 'recorded with the reason',
    },
  ],
  args: { id: argument('the session, or the beginning of its id', { value: 'SESSION' }) },
  options: { reason: option('why, for the record', { value: 'TEXT' }) },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ id, reason }, context) {
    const daemon = calls(await context.client())
    const session = await daemon.call('hookRelease', { id, reason: reason ?? 'released by its owner' })
    context.out.result(session, `${session.id}: may go on once its marked call was refused`)
  },
})

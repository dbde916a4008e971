import { rollBack, watchOver } from '../../enforce/firewall/index.ts'
import { command } from '../command.ts'
import { option } from '../param.ts'
import { openHost, pause, tell } from './firewall-host.ts'

export const firewallRollback = command({
  name: 'firewall rollback',
  about: 'take back a change of the firewall that was not confirmed',
  details: [
    'What was confirmed stays; to have no firewall: warder firewall remove.',
    'With --when-due it waits until the time to confirm is over. warder firewall apply starts it so by itself, and it needs nobody’s permission: it only goes back.',
  ],
  examples: [{ run: 'sudo warder firewall rollback', does: 'now, without waiting for the time to run out' }],
  options: { whenDue: option('wait for the end of this change’s time', { value: 'ID' }) },
  exits: ['denied', 'unavailable'],
  async run({ whenDue }, context) {
    const host = openHost(context)
    const undone = whenDue === undefined ? await rollBack(host) : await watchOver(host, whenDue, pause)
    if (undone !== undefined) {
      const why = whenDue === undefined ? 'taken back by hand' : 'not confirmed in time'
      await tell(context, 'rollback', undone.id, 'success', why)
    }
    context.out.result(
      { rolledBack: undone !== undefined, ...(undone === undefined ? {} : { id: undone.id }) },
      undone === undefined ? 'no change waits to be confirmed' : 'taken back: the firewall is as before',
    )
  },
})

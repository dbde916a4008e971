import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { argument } from '../param.ts'

export const guestShow = command({
  name: 'guest show',
  about: 'a guest or device, and what it did',
  details: ['What it did comes from the record: warder audit list --agent guest:NAME shows all of it.'],
  examples: [{ run: 'warder guest show anna', does: 'the newest fifty entries' }],
  args: { name: argument('its name or id') },
  exits: ['missing', 'unavailable'],
  async run({ name }, { client, out }) {
    const answer = await calls(await client()).call('guestShow', { id: name })
    const { guest, activity } = answer
    const lines = [
      `${guest.principal}  ${guest.state}, until ${localTime(Date.parse(guest.expiresAt))}`,
      `scope      ${guest.scope.join(', ')}`,
      `directory  ${guest.workspace ?? 'none'}`,
      `key        ${guest.fingerprint ?? 'none yet'}`,
      `requests   ${activity.requests}${activity.lastAt === undefined ? '' : `, the last at ${activity.lastAt}`}`,
      ...activity.entries.map(
        ({ seq, timestamp, kind, action, target, decision, result }) =>
          `  ${seq}  ${timestamp}  ${kind}: ${action} ${target}  ${decision || result}`,
      ),
    ]
    out.result(answer, lines.join('\n'))
  },
})

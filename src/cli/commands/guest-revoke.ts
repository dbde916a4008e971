import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'

export const guestRevoke = command({
  name: 'guest revoke',
  about: 'take a guest’s rights away, at once and for good',
  details: [
    'An invitation that waits is void, what the guest runs is ended, and its key opens nothing any more.',
  ],
  examples: [{ run: 'warder guest revoke anna', does: 'anna is no guest any more' }],
  args: { name: argument('its name or id') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ name }, { client, out }) {
    const answer = await calls(await client()).call('guestRevoke', { id: name })
    out.result(answer, `${answer.guest.principal} is out; ${answer.endedRuns} runs were ended`)
  },
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const watchReload = command({
  name: 'watch reload',
  about: 'read your detection rules again, all or nothing',
  details: [
    'The daemon does so by itself every detect.interval; this says at once whether it worked. When the file has a fault the rules that were in force stay, and there is an alert.',
  ],
  examples: [{ run: 'warder watch reload', does: 'after detect.yaml was changed' }],
  exits: ['denied', 'unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('watchReload', {})
    out.result(answer, `${answer.rules} rules in force${answer.changed ? '' : ', as before'}`)
  },
})

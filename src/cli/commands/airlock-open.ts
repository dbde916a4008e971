import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { durationOption, requiredOption } from '../param.ts'
import { airlockWords } from './airlock-show.ts'

const USUAL_MS = 30 * 60_000

export const airlockOpen = command({
  name: 'airlock open',
  about: 'let out of sandboxes what rules allow, for a time',
  details: [
    'With egress.airlock on nothing leaves any sandbox, whatever rules allow. This opens it for a time; then it shuts by itself, and what is under way is cut. A daemon that is started anew starts with it shut.',
  ],
  examples: [
    {
      run: 'warder airlock open --for 30m --reason "install packages"',
      does: 'shuts by itself after half an hour',
    },
  ],
  options: {
    for: durationOption('for how long (default 30m, at most 24h)'),
    reason: requiredOption('why, for the record'),
  },
  exits: ['denied', 'unavailable'],
  async run({ for: forMs, reason }, { client, out }) {
    const answer = await calls(await client()).call('airlockOpen', { for: `${forMs ?? USUAL_MS}ms`, reason })
    out.result(answer, airlockWords(answer))
  },
})

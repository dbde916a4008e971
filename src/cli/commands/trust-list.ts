import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const trustList = command({
  name: 'trust list',
  about: 'list how far agents are trusted to start and act without a question',
  details: [
    'A draft asks at each start until a person approves it, which makes it a trial; a trial still asks, and shows what it will do; three good runs on two days make it verified, and it starts without a question. In what it does beyond starting, a draft asks from medium risk on, a trial from high risk on, and a verified agent as the policy says. A failure, a reach for secrets, or other code makes it a draft again. Only agents named in the setting trust.staged are asked for like this.',
  ],
  examples: [
    { run: 'warder trust list', does: 'each agent Warder has seen, and why it stands where it does' },
  ],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const { agents } = await calls(await client()).call('trustList', {})
    out.table(
      agents,
      [
        { title: 'AGENT', value: ({ agent }) => agent },
        { title: 'STAGE', value: ({ stage }) => stage },
        { title: 'GOOD RUNS', value: ({ successes, days }) => `${successes} on ${days} days` },
        { title: 'ESCALATIONS', value: ({ escalations }) => String(escalations) },
        { title: 'ASKED FOR', value: ({ staged }) => (staged ? 'yes' : 'no') },
        { title: 'BECAUSE', value: ({ why }) => why, shrinks: true },
      ],
      { value: { agents }, empty: 'no agent has a stage; name some in the setting trust.staged' },
    )
  },
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { flag, option } from '../param.ts'

export const taintShow = command({
  name: 'taint show',
  about: 'show which agents saw what nobody vouches for, and what they wrote since',
  details: [
    'Pages, mails, results of tools and other words of strangers may carry instructions. Who was shown them is tainted; so is what it writes, and whoever reads that. It lasts over sessions and restarts until you clear it.',
  ],
  examples: [
    { run: 'warder taint show', does: 'every tainted agent, and why' },
    { run: 'warder taint show --agent claude-code --files', does: 'the files it wrote since' },
  ],
  options: {
    agent: option('only this agent', { completes: 'agent' }),
    files: flag('the files that carry taint, instead of the agents'),
  },
  exits: ['unavailable'],
  async run({ agent, files }, { client, out }) {
    const answer = await calls(await client()).call('taintShow', agent === undefined ? {} : { agent })
    if (answer.problem !== undefined) out.note(`${answer.problem}; every agent counts as tainted`)
    if (files)
      return out.table(
        answer.files,
        [
          { title: 'PATH', value: ({ path, isTree }) => (isTree ? `${path}/**` : path) },
          { title: 'LABELS', value: ({ labels }) => labels.join(',') },
          { title: 'WRITTEN BY', value: ({ agent: by }) => by },
          { title: 'SINCE', value: ({ since }) => since },
        ],
        { value: answer, empty: 'no file carries taint' },
      )
    out.table(
      answer.agents,
      [
        { title: 'AGENT', value: ({ agent: who }) => who },
        { title: 'LABEL', value: ({ label }) => label },
        { title: 'FROM', value: ({ origin }) => origin },
        { title: 'SINCE', value: ({ since }) => since },
      ],
      { value: answer, empty: 'no agent is tainted' },
    )
  },
})

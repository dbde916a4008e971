import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { option } from '../param.ts'

export const allowanceList = command({
  name: 'allowance list',
  about: 'list commands that were allowed for good',
  details: [
    'An allowance holds for one agent, for programs by what is in them, for the arguments it names, in one directory. A program that changed, or another of the same name, asks again. It ends at its time, or when nobody uses it for 90 days.',
  ],
  examples: [{ run: 'warder allowance list', does: 'what need not be asked' }],
  options: { agent: option('only of this agent', { completes: 'agent' }) },
  exits: ['unavailable'],
  async run({ agent }, { client, out }) {
    const answer = await calls(await client()).call('allowanceList', agent === undefined ? {} : { agent })
    out.table(
      answer.allowances,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'AGENT', value: ({ agent: whose }) => whose },
        { title: 'COMMAND', value: ({ pattern }) => pattern, shrinks: true },
        { title: 'UNTIL', value: ({ until }) => localTime(Date.parse(until)) },
        { title: 'USES', value: ({ uses }) => String(uses) },
        { title: 'BY', value: ({ by }) => by },
      ],
      { value: answer, empty: 'nothing is allowed for good; answer a question with "rule" to allow it' },
    )
    for (const problem of answer.problems) out.warn(problem)
  },
})

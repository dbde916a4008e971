import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'

export const tokenList = command({
  name: 'token list',
  about: 'capability tokens that are out',
  examples: [{ run: 'warder token list', does: 'without their text, which nobody kept' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('tokenList', {})
    out.table(
      answer.tokens,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'AGENT', value: ({ agent }) => agent },
        { title: 'TASK', value: ({ task }) => task, shrinks: true },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'UNTIL', value: ({ expiresAt }) => localTime(Date.parse(expiresAt)) },
      ],
      { value: answer, empty: 'no capability tokens' },
    )
  },
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'

export const sessionList = command({
  name: 'session list',
  about: 'your sessions',
  examples: [{ run: 'warder session list', does: 'those that go on' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('sessionList', {})
    const empty = answer.passphrase
      ? 'no sessions; begin one with: warder login'
      : 'no sessions, and no passphrase is set'
    out.table(
      answer.sessions,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'BEGAN', value: ({ startedAt }) => localTime(Date.parse(startedAt)) },
        { title: 'USED', value: ({ seenAt }) => localTime(Date.parse(seenAt)) },
        { title: 'UNTIL', value: ({ endsAt }) => localTime(Date.parse(endsAt)) },
        {
          title: 'WHERE',
          value: ({ console: at }) =>
            at === undefined ? 'terminal' : `console: ${at.person} by ${at.way} from ${at.from}`,
        },
        {
          title: '',
          value: ({ fresh, current }) => [current ? 'this one' : '', fresh ? 'fresh' : ''].join(' ').trim(),
        },
      ],
      { value: answer, empty },
    )
  },
})

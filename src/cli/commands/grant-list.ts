import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { flag, option } from '../param.ts'

export const grantList = command({
  name: 'grant list',
  about: 'list grants',
  examples: [
    { run: 'warder grant list', does: 'those that hold now, or will' },
    { run: 'warder grant list --agent builder --all', does: 'everything an agent was ever granted' },
  ],
  options: {
    agent: option('only this agent', { completes: 'agent' }),
    all: flag('expired and revoked ones too'),
  },
  exits: ['unavailable'],
  async run({ agent, all }, { client, out }) {
    const { grants } = await calls(await client()).call('grantList', {
      ...(agent === undefined ? {} : { principal: agent }),
      ...(all ? { all: 'true' } : {}),
    })
    out.table(
      grants,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'AGENT', value: ({ principal }) => principal },
        { title: 'CAPABILITY', value: ({ capability }) => capability, shrinks: true },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'UNTIL', value: ({ expiresAt }) => localTime(Date.parse(expiresAt)) },
        { title: 'BY', value: ({ grantor }) => grantor },
        { title: 'REASON', value: ({ reason }) => reason, shrinks: true },
      ],
      { value: { grants }, empty: 'no grants; add one with: warder grant add AGENT CAPABILITY --reason WHY' },
    )
  },
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { option } from '../param.ts'

export const changesList = command({
  name: 'changes list',
  about: 'list what agents changed and nobody decided on yet',
  details: [
    'An agent that works in an overlay writes to a change set of its own instead of the workspace. It stays until it is applied or discarded; a later run of the agent goes on with it.',
  ],
  examples: [{ run: 'warder changes list', does: 'every change set, with its workspace' }],
  options: { agent: option('only this agent', { completes: 'agent' }) },
  exits: ['unavailable'],
  async run({ agent }, { client, out }) {
    const { sets } = await calls(await client()).call('changesList', agent === undefined ? {} : { agent })
    out.table(
      sets,
      [
        { title: 'AGENT', value: (set) => set.agent },
        { title: 'WORKSPACE', value: (set) => set.workspace, shrinks: true },
        { title: 'SINCE', value: (set) => localTime(Date.parse(set.openedAt)) },
        { title: 'NOW', value: (set) => (set.inUse ? 'the agent runs' : 'waits for you') },
      ],
      { value: { sets }, empty: 'no changes wait for a decision' },
    )
  },
})

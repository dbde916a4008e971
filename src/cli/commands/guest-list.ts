import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { flag } from '../param.ts'
import { membersTable } from './people-table.ts'

export const guestList = command({
  name: 'guest list',
  about: 'list guests',
  examples: [{ run: 'warder guest list', does: 'those invited, and those who came' }],
  options: { all: flag('those who may no longer come, too') },
  exits: ['unavailable'],
  async run({ all }, { client, out }) {
    const answer = await calls(await client()).call('guestList', all ? { all: 'true' } : {})
    membersTable(
      out,
      answer.guests,
      answer,
      'no guests; invite one with: warder guest invite NAME --scope CAPABILITY',
    )
  },
})

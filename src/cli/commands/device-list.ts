import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { flag } from '../param.ts'
import { membersTable } from './people-table.ts'

export const deviceList = command({
  name: 'device list',
  about: 'list paired devices and known chat senders',
  examples: [{ run: 'warder device list', does: 'those that may act' }],
  options: { all: flag('those that may no longer, too') },
  exits: ['unavailable'],
  async run({ all }, { client, out }) {
    const answer = await calls(await client()).call('deviceList', all ? { all: 'true' } : {})
    membersTable(out, answer.devices, answer, 'no devices; on the device: warder pair')
    for (const { channel, sender, scope } of answer.senders) {
      out.note(`chat sender ${sender} on ${channel}: ${scope.join(' ') || 'nothing; it must pair again'}`)
    }
  },
})

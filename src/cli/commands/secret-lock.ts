import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const secretLock = command({
  name: 'secret lock',
  about: 'forget the key of the store until its passphrase comes again',
  details: ['What a run was lent before it goes on using; end the run to end that (warder stop).'],
  examples: [{ run: 'warder secret lock', does: 'no value can be read or lent until: warder secret unlock' }],
  exits: ['conflict', 'unavailable'],
  async run(_input, { client, out }) {
    out.result(await calls(await client()).call('secretLock', {}), 'the secret store is locked')
  },
})

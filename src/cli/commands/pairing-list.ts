import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'

export const pairingList = command({
  name: 'pairing list',
  about: 'who waits to be paired',
  details: ['The code is not among it: only the device shows that, and you type it.'],
  examples: [{ run: 'warder pairing list', does: 'devices and chat senders that wait' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('pairingList', {})
    out.table(
      answer.pairings,
      [
        { title: 'WHAT', value: ({ what }) => what },
        { title: 'NAME', value: ({ name }) => name, shrinks: true },
        { title: 'TYPE', value: ({ type }) => type },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'FINGERPRINT', value: ({ fingerprint = '' }) => fingerprint },
        { title: 'UID', value: ({ uid }) => (uid === undefined ? '' : String(uid)) },
        { title: 'UNTIL', value: ({ expiresAt }) => localTime(Date.parse(expiresAt)) },
        { title: 'ID', value: ({ id }) => id },
      ],
      { value: answer, empty: 'nobody waits' },
    )
  },
})

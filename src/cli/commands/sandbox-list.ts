import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const sandboxList = command({
  name: 'sandbox list',
  about: 'list the sandbox profiles',
  examples: [{ run: 'warder sandbox list', does: 'shipped ones and your own' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const { profiles } = await calls(await client()).call('profiles', {})
    out.table(
      profiles,
      [
        { title: 'PROFILE', value: (profile) => profile.name },
        { title: 'FROM', value: (profile) => profile.from },
        { title: 'WHAT IT IS FOR', value: (profile) => profile.description, shrinks: true },
      ],
      { value: { profiles } },
    )
  },
})

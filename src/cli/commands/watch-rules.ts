import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const watchRules = command({
  name: 'watch rules',
  about: 'list the detection rules in force',
  examples: [
    { run: 'warder watch rules', does: 'every rule, how bad what it finds is, and what that makes' },
  ],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const { rules } = await calls(await client()).call('watchRules', {})
    out.table(
      rules,
      [
        { title: 'RULE', value: ({ id }) => id },
        { title: 'SEVERITY', value: ({ severity }) => severity },
        { title: 'MAKES', value: ({ class: made }) => made ?? 'alert' },
        { title: 'FROM', value: ({ from, off }) => (off ? `${from}, off` : from) },
        { title: 'TITLE', value: ({ title }) => title, shrinks: true },
      ],
      { value: { rules } },
    )
  },
})

import { calls } from '../../client/calls.ts'
import { formatDuration } from '../../core/quantity.ts'
import { command } from '../command.ts'

export const secretList = command({
  name: 'secret list',
  about: 'names, stores, ages and terms of secrets, never a value',
  examples: [
    {
      run: 'warder secret list',
      does: 'due: older than it should be; overlap: the value before is still kept',
    },
  ],
  exits: ['unavailable'],
  async run(_input, { client, out, clock }) {
    const answer = await calls(await client()).call('secretList', {})
    const colour = {
      ok: 'green',
      due: 'yellow',
      rotating: 'yellow',
      overlap: 'yellow',
      disabled: 'red',
    } as const
    out.table(
      answer.secrets,
      [
        { title: 'NAME', value: ({ name }) => name },
        {
          title: 'STATE',
          value: ({ state }) => state,
          style: (cell, { state }) => out.style(colour[state], cell),
        },
        { title: 'STORE', value: ({ store }) => store },
        {
          title: 'AGE',
          value: ({ valueSince }) => formatDuration(Math.max(0, clock.now() - Date.parse(valueSince))),
          right: true,
        },
        { title: 'HOSTS', value: ({ hosts }) => hosts.join(' '), shrinks: true },
        { title: 'FOR', value: ({ principals }) => principals.join(' '), shrinks: true },
      ],
      { value: answer, empty: 'no secrets are kept: warder secret set NAME' },
    )
    for (const problem of answer.problems) out.warn(problem)
  },
})

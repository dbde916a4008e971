import { calls } from '../../client/calls.ts'
import type { HookSessionAnswer } from '../../api/hooks.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'

export const hookList = command({
  name: 'hook list',
  about: 'sessions of coding agents that are guarded by a hook',
  details: [
    'proven: a marked call was refused and did not run. waiting: it has to attempt its marked call. locked: its program does not heed its hook, and nothing it asks is allowed.',
  ],
  examples: [{ run: 'warder hook list', does: 'one line for each session' }],
  exits: ['unavailable'],
  async run(_input, context) {
    const { sessions } = await calls(await context.client()).call('hookList', {})
    const colour = { proven: 'green', waiting: 'yellow', locked: 'red' } as const
    context.out.table<HookSessionAnswer>(
      sessions,
      [
        { title: 'SESSION', value: ({ id }) => id },
        { title: 'AGENT', value: ({ harness }) => harness },
        {
          title: 'STATE',
          value: ({ state }) => state,
          style: (cell, { state }) => context.out.style(colour[state], cell),
        },
        { title: 'HEARD', value: ({ heardAt }) => localTime(Date.parse(heardAt)) },
        { title: 'WORKSPACE', value: ({ workspace }) => workspace, shrinks: true },
        { title: 'WHY', value: ({ why = '' }) => why, shrinks: true },
      ],
      { value: { sessions }, empty: 'no session of a coding agent has called its hook yet: warder setup' },
    )
  },
})

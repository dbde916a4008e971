import { calls } from '../../client/calls.ts'
import type { CanaryAnswer } from '../../api/canaries.ts'
import { command, type Context } from '../command.ts'

export const canaryList = command({
  name: 'canary list',
  about: 'show every canary, and what would tell of its use',
  examples: [{ run: 'warder canary list', does: 'where they are, and how they are watched' }],
  exits: ['unavailable'],
  async run(_input, context) {
    canaryTable(context, await calls(await context.client()).call('canaryList', {}))
  },
})

interface Listed {
  readonly canaries: readonly CanaryAnswer[]
  readonly problem?: string | undefined
}

export function canaryTable({ out }: Context, answer: Listed): void {
  if (answer.problem !== undefined) out.note(answer.problem)
  out.table(
    answer.canaries,
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'WATCHED BY', value: ({ watched }) => watched },
      { title: 'TRACES', value: ({ traces }) => traces.join(', ') },
    ],
    { value: answer, empty: 'there are no canaries: warder canary plant' },
  )
}

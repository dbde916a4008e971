import { quoteForShow } from '../../core/safe/argument.ts'
import { command } from '../command.ts'
import { option } from '../param.ts'
import { approvalDoor, AS_OPTION } from './approval-door.ts'
import { secondsOf } from './question-text.ts'

export const approvalList = command({
  name: 'approval list',
  about: 'list questions that wait for a person',
  examples: [
    { run: 'warder approval list', does: 'what waits, oldest first' },
    { run: 'warder approval list --json', does: 'for a program that asks you in its own way' },
  ],
  options: { agent: option('only of this agent', { completes: 'agent' }), as: AS_OPTION },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ agent, as }, context) {
    const { out } = context
    const { questions } = await (await approvalDoor(context, as)).list(agent)
    out.table(
      questions,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'WHO', value: ({ principal }) => principal },
        { title: 'RISK', value: ({ risk }) => risk },
        {
          title: 'WHAT',
          value: ({ argv, action }) => argv?.map(quoteForShow).join(' ') ?? action,
          shrinks: true,
        },
        { title: 'BECAUSE', value: ({ reason }) => reason, shrinks: true },
        { title: 'LEFT', value: ({ leftMs }) => secondsOf(leftMs) },
      ],
      { value: { questions }, empty: 'nothing waits; to be asked as questions come: warder approve' },
    )
  },
})

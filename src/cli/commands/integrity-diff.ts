import { calls } from '../../client/calls.ts'
import type { ViolationAnswer } from '../../api/integrity.ts'
import { command } from '../command.ts'

export const integrityDiff = command({
  name: 'integrity diff',
  about: 'show everything that differs from the baseline',
  details: ['Every file is read again first, whatever its times say.'],
  examples: [{ run: 'warder integrity diff', does: 'what is new, gone, replaced or changed, and how' }],
  exits: ['unavailable'],
  async run(_input, context) {
    const answer = await calls(await context.client()).call('integrityDiff', {})
    if (answer.more > 0) context.out.note(`and ${answer.more} more`)
    context.out.table(
      answer.differences,
      [
        { title: 'PATH', value: ({ path }) => path },
        { title: 'IS', value: ({ category }) => category },
        { title: 'WHAT', value: ({ what }) => what },
        { title: 'HOW', value: how },
      ],
      {
        value: answer,
        empty:
          answer.state === 'unknown' ? 'there is no baseline: warder integrity baseline' : 'nothing differs',
      },
    )
  },
})

function how({ fields, before, after }: ViolationAnswer): string {
  return fields.map((field) => `${field} ${short(before?.[field])} -> ${short(after?.[field])}`).join(', ')
}

function short(value: string | number | undefined): string {
  const text = String(value ?? '')
  return text.length > 24 ? `${text.slice(0, 12)}…` : text === '' ? 'none' : text
}

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { choiceOption } from '../param.ts'
import { FILTERS, filterOf } from './audit-list.ts'

export const auditExport = command({
  name: 'audit export',
  about: 'write entries for other tools: JSON lines, CSV or OCSF',
  examples: [
    { run: 'warder audit export --format ocsf --since 1d > today.jsonl', does: 'for a security data lake' },
  ],
  options: {
    ...FILTERS,
    format: choiceOption('how they are written; jsonl when not said', ['jsonl', 'csv', 'ocsf']),
  },
  exits: ['unavailable'],
  async run({ format, ...filter }, { client, out, clock }) {
    const input = { ...filterOf(filter, clock.now()), format: format ?? ('jsonl' as const) }
    for await (const { text } of calls(await client()).stream('auditExport', input)) out.raw(text)
  },
})

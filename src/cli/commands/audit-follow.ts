import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { integerOption } from '../param.ts'
import { entryLine, FILTERS, filterOf } from './audit-list.ts'

export const auditFollow = command({
  name: 'audit follow',
  about: 'show what happens as it is written',
  examples: [{ run: 'warder audit follow --decision deny', does: 'refusals as they happen; Ctrl-C ends it' }],
  options: {
    ...FILTERS,
    after: integerOption('start behind this entry (default: now)', 0, Number.MAX_SAFE_INTEGER),
  },
  exits: ['unavailable', 'interrupted'],
  async run({ after, ...filter }, { client, out, clock, signal }) {
    const input = { ...filterOf(filter, clock.now()), ...(after === undefined ? {} : { after }) }
    for await (const entry of calls(await client()).stream('auditFollow', input, signal))
      out.line(entry, entryLine(entry, out))
  },
})

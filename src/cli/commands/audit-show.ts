import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'

export const auditShow = command({
  name: 'audit show',
  about: 'show one entry whole',
  examples: [{ run: 'warder audit show 41', does: 'by number; an id or a unique beginning of one will do' }],
  args: { id: argument('number, id, or the beginning of an id') },
  exits: ['missing', 'unavailable'],
  async run({ id }, { client, out }) {
    const entry = await calls(await client()).call('auditShow', { id })
    const width = Math.max(...Object.keys(entry).map((name) => name.length))
    const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
    out.result(
      entry,
      Object.entries(entry)
        .map(([name, value]) => `${name.padEnd(width)}  ${text(value)}`)
        .join('\n'),
    )
  },
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, flag } from '../param.ts'

export const auditArchive = command({
  name: 'audit archive',
  about: 'compress and encrypt the closed segments of a month',
  details: [
    'Encrypted to the age recipients of the setting audit.archive_recipients. The manifest is signed and can be verified without the key of the content.',
  ],
  examples: [
    {
      run: 'warder audit archive 2026-01 --remove',
      does: 'and remove the segments once the archive has been verified',
    },
  ],
  args: { month: argument('YYYY-MM, over') },
  options: { remove: flag('remove the archived segments') },
  exits: ['unavailable', 'unverified'],
  async run({ month, remove }, { client, out }) {
    const answer = await calls(await client()).call('auditArchive', { month, remove })
    out.result(
      answer,
      Object.entries(answer)
        .map(([name, value]) => `${name}: ${String(value)}`)
        .join('\n'),
    )
  },
})

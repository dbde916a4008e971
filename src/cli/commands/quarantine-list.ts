import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'

export const quarantineList = command({
  name: 'quarantine list',
  about: 'list the files that were taken away',
  details: ['They lie under the digest of their content in a directory of Warder’s that nobody else enters.'],
  examples: [{ run: 'warder quarantine list', does: 'the newest first' }],
  exits: ['denied', 'unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('quarantineList', {})
    out.table(
      answer.files,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'WHEN', value: ({ at }) => at },
        { title: 'STATE', value: ({ restored }) => (restored ? 'put back' : 'kept') },
        { title: 'SIZE', value: ({ sizeBytes }) => formatSize(sizeBytes), right: true },
        { title: 'SHA-256', value: ({ sha256 }) => sha256.slice(0, 12) },
        { title: 'INCIDENT', value: ({ incident }) => incident },
        { title: 'PATH', value: ({ path }) => path, shrinks: true },
      ],
      { value: answer, empty: 'nothing is in quarantine' },
    )
  },
})

import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { writeFileAtomic } from '../../platform/files.ts'
import { command } from '../command.ts'
import { argument, manyOption } from '../param.ts'

export const incidentExport = command({
  name: 'incident export',
  about: 'write incidents and everything about them to one signed file',
  details: [
    'The incidents with their receipts and timelines, the evidence that was kept, the stretch of the record from ten minutes before to ten minutes after with its checkpoints, the stops and grants in force and the digest of the policy; signed with the key of the record. Whoever has the public keys can verify it without this machine: warder incident verify. Secrets are masked as in the record; commands and paths are not.',
  ],
  examples: [{ run: 'warder incident export case.json --id 0007', does: 'one incident' }],
  args: { file: argument('where to; it is replaced', { completes: 'file' }) },
  options: { id: manyOption('only this incident; may be repeated') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ file, id }, { client, cwd, out }) {
    const path = resolve(cwd, file)
    const { bundle, ...about } = await calls(await client()).call('incidentExport', { ids: [...id] })
    writeFileAtomic(path, bundle)
    const left = about.left === 0 ? '' : `; ${about.left} entries did not fit`
    out.result(
      { path, ...about },
      `${about.incidents} incidents and ${about.entries} entries of the record in ${path}${left}`,
    )
  },
})

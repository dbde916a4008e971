import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'
import { optionalArgument, option } from '../param.ts'

export const snapshotTake = command({
  name: 'snapshot take',
  about: 'keep a workspace as it is now',
  details: [
    'Contents are kept once however often they occur, in a store only you can read; its limit is the setting snapshot.max_size. Permissions, times, links and the extended attributes of files are kept too; pipes, sockets and devices are not.',
  ],
  examples: [{ run: 'warder snapshot take --note "before the big change"', does: 'this directory' }],
  args: { workspace: optionalArgument('the workspace (default: this directory)', { completes: 'file' }) },
  options: { note: option('what to remember about it') },
  exits: ['missing', 'denied', 'conflict', 'unavailable'],
  async run({ workspace, note }, { client, out, cwd }) {
    const taken = await calls(await client()).call('snapshotTake', {
      workspace: absolute(workspace, cwd),
      ...(note === undefined ? {} : { note }),
    })
    out.result(
      taken,
      `kept ${taken.files} files (${formatSize(taken.sizeBytes)}) of ${taken.workspace}: ${taken.id}`,
    )
    if (taken.left.length > 0) out.warn(`not kept: ${taken.left.join(', ')}`)
    out.note(`go back with: warder snapshot restore ${taken.id}`)
  },
})

/** The daemon has another directory than the caller. */
function absolute(path: string | undefined, cwd: string): string {
  if (path === undefined) return cwd
  return path.startsWith('/') ? path : `${cwd}/${path}`
}

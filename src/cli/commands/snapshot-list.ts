import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { optionalArgument } from '../param.ts'

export const snapshotList = command({
  name: 'snapshot list',
  about: 'list the kept states of workspaces, newest first',
  details: [
    'Warder takes one by itself before changes are applied and before it goes back to another; of these the setting snapshot.keep says how many stay for each workspace. Your own stay until you drop them.',
  ],
  examples: [{ run: 'warder snapshot list .', does: 'those of this directory' }],
  args: { workspace: optionalArgument('only this workspace', { completes: 'file' }) },
  exits: ['unavailable'],
  async run({ workspace }, { client, out, cwd }) {
    const path = workspace?.startsWith('/') === false ? `${cwd}/${workspace}` : workspace
    const answer = await calls(await client()).call(
      'snapshotList',
      path === undefined ? {} : { workspace: path },
    )
    out.table(
      answer.snapshots,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'TAKEN', value: ({ takenAt }) => localTime(Date.parse(takenAt)) },
        { title: 'WORKSPACE', value: (each) => each.workspace, shrinks: true },
        { title: 'OF', value: ({ whole }) => (whole ? 'all' : 'what changed') },
        { title: 'FILES', value: ({ files }) => `${files}`, right: true },
        { title: 'SIZE', value: ({ sizeBytes }) => formatSize(sizeBytes), right: true },
        { title: 'NOTE', value: ({ note, cause }) => (note === '' ? cause : note), shrinks: true },
      ],
      { value: answer, empty: 'no snapshots; take one with: warder snapshot take' },
    )
    out.note(`the store holds ${formatSize(answer.storeBytes)} of at most ${formatSize(answer.mostBytes)}`)
  },
})

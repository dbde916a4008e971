import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { argument } from '../param.ts'

export const snapshotShow = command({
  name: 'snapshot show',
  about: 'show a snapshot, and what going back to it would change now',
  examples: [{ run: 'warder snapshot show 0198c2', does: 'a unique beginning of the id is enough' }],
  args: { id: argument('the snapshot') },
  exits: ['missing', 'unavailable'],
  async run({ id }, { client, out }) {
    const shown = await calls(await client()).call('snapshotShow', { id })
    const { differs, files, sizeBytes, takenAt, workspace, note } = shown
    const lines = [
      `${shown.id} of ${workspace}, ${localTime(Date.parse(takenAt))}: ${files} files, ${formatSize(sizeBytes)}`,
      ...(note === '' ? [] : [note]),
      differs.length === 0 ? 'everything is as it was then' : `going back would change ${differs.length}:`,
      ...differs.map((path) => `  ${path}`),
    ]
    out.result(shown, lines.join('\n'))
  },
})

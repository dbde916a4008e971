import { calls } from '../../client/calls.ts'
import { confirmName } from '../confirm.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { argument, option } from '../param.ts'

export const snapshotDrop = command({
  name: 'snapshot drop',
  about: 'forget a snapshot',
  details: [
    'Its contents are removed from the store unless another snapshot has them too. Asks for the id first.',
  ],
  examples: [{ run: 'warder snapshot drop 0198c2', does: 'a unique beginning of the id is enough' }],
  args: { id: argument('the snapshot') },
  options: { confirm: option('the id as given, for scripts', { value: 'ID' }) },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ id, confirm }, context) {
    await confirmName(context, id, confirm, 'the snapshot will be gone for good')
    const gone = await calls(await context.client()).call('snapshotDrop', { id })
    context.out.result(
      gone,
      `dropped the snapshot of ${gone.workspace} of ${localTime(Date.parse(gone.takenAt))}`,
    )
  },
})

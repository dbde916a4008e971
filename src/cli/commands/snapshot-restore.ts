import { calls } from '../../client/calls.ts'
import { confirmName } from '../confirm.ts'
import { command } from '../command.ts'
import { argument, manyOption, option } from '../param.ts'

export const snapshotRestore = command({
  name: 'snapshot restore',
  about: 'go back to a snapshot',
  details: [
    'What is not as it was is changed back, all of it or none; files made since are removed. What is changed is kept first, so that going back can be undone. Asks for the id first.',
  ],
  examples: [
    { run: 'warder snapshot show 0198c2', does: 'what it would change' },
    { run: 'warder snapshot restore 0198c2 --path src', does: 'only one directory' },
  ],
  args: { id: argument('the snapshot') },
  options: {
    path: manyOption('only this path, with what is below it; may be repeated', { completes: 'file' }),
    confirm: option('the id as given, for scripts', { value: 'ID' }),
  },
  exits: ['missing', 'denied', 'conflict', 'unavailable'],
  async run({ id, path, confirm }, context) {
    await confirmName(context, id, confirm, 'files of the workspace will be as they were then')
    const answer = await calls(await context.client()).call('snapshotRestore', { id, paths: [...path] })
    const { changed, workspace, before } = answer
    const lines = [
      changed.length === 0
        ? `${workspace} is as it was; nothing was changed`
        : `${changed.length} paths in ${workspace} are as they were`,
      ...changed.map((each) => `  ${each}`),
    ]
    context.out.result(answer, lines.join('\n'))
    if (before !== undefined) context.out.note(`undo this with: warder snapshot restore ${before}`)
  },
})

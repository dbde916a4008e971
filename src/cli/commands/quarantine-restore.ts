import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { argument, option, requiredOption } from '../param.ts'

export const quarantineRestore = command({
  name: 'quarantine restore',
  about: 'put a file back where it was',
  details: [
    'Only when nothing stands there now, and the copy is still what was taken. Asks for the id first.',
  ],
  examples: [
    { run: 'warder quarantine restore 0198c2 --reason "a false alarm"', does: 'asks before it does so' },
  ],
  args: { id: argument('the file (warder quarantine list)') },
  options: {
    reason: requiredOption('why; kept in the record'),
    confirm: option('the id as given, for scripts', { value: 'ID' }),
  },
  exits: ['missing', 'conflict', 'denied', 'unavailable'],
  async run({ id, reason, confirm }, context) {
    await confirmName(context, id, confirm, 'the file can be used again')
    const answer = await calls(await context.client()).call('quarantineRestore', { id, reason })
    context.out.result(answer, `${answer.path} is back`)
  },
})

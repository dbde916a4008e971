import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { argument } from '../param.ts'
import { receiptTable } from './incident-words.ts'

export const incidentRetry = command({
  name: 'incident retry',
  about: 'do what is not confirmed once more',
  examples: [{ run: 'warder incident retry 0007', does: 'exit 5 when it still is not' }],
  args: { id: argument('the incident') },
  exits: ['missing', 'conflict', 'denied', 'unavailable'],
  async run({ id }, context) {
    const answer = await calls(await context.client()).call('incidentRetry', { id })
    const isFailed = answer.actions.some(({ state }) => state === 'failed' || state === 'waiting')
    context.out.result(answer, `${receiptTable(answer.actions, context)}\n\n${answer.id} is ${answer.state}`)
    return isFailed ? EXIT.conflict : EXIT.ok
  },
})

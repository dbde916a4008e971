import { command } from '../command.ts'
import { argument } from '../param.ts'
import { approvalDoor, AS_OPTION } from './approval-door.ts'
import { questionText } from './question-text.ts'

export const approvalShow = command({
  name: 'approval show',
  about: 'show a question, exactly as it will run',
  examples: [{ run: 'warder approval show 0198c2', does: 'a unique beginning of the id is enough' }],
  args: { id: argument('the question') },
  options: { as: AS_OPTION },
  exits: ['denied', 'missing', 'conflict', 'unavailable'],
  async run({ id, as }, context) {
    const { out } = context
    const question = await (await approvalDoor(context, as)).show(id)
    out.result(question, questionText(question, out))
  },
})

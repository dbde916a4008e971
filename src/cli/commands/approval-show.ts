import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument } from '../param.ts'
import { questionText } from './question-text.ts'

export const approvalShow = command({
  name: 'approval show',
  about: 'show a question, exactly as it will run',
  examples: [{ run: 'warder approval show 0198c2', does: 'a unique beginning of the id is enough' }],
  args: { id: argument('the question') },
  exits: ['missing', 'conflict', 'unavailable'],
  async run({ id }, { client, out }) {
    const question = await calls(await client()).call('approvalShow', { id })
    out.result(question, questionText(question, out))
  },
})

import { calls } from '../../client/calls.ts'
import { confirmName } from '../confirm.ts'
import { command } from '../command.ts'
import { counted } from '../counted.ts'
import { argument, manyOption, option } from '../param.ts'

export const changesDiscard = command({
  name: 'changes discard',
  about: 'forget what an agent changed',
  details: [
    'The workspace stays as it is; the work of the agent is gone for good. Asks for the name of the agent first.',
  ],
  examples: [
    { run: 'warder changes discard builder', does: 'everything it did in its change set' },
    {
      run: 'warder changes discard builder --path dist --confirm builder',
      does: 'one directory, without a question',
    },
  ],
  args: { agent: argument('the agent', { completes: 'agent' }) },
  options: {
    path: manyOption('only this path, with what is below it; may be repeated', { completes: 'file' }),
    confirm: option('the name of the agent, for scripts', { value: 'AGENT' }),
    workspace: option('which workspace, when there are several', { value: 'DIR', completes: 'file' }),
  },
  exits: ['missing', 'denied', 'conflict', 'unavailable'],
  async run({ agent, path, confirm, workspace }, context) {
    const what = path.length === 0 ? 'everything' : path.join(', ')
    await confirmName(context, agent, confirm, `${what} that ${agent} changed will be gone for good`)
    const answer = await calls(await context.client()).call('changesDiscard', {
      agent,
      paths: [...path],
      ...(workspace === undefined ? {} : { workspace }),
    })
    context.out.result(
      answer,
      `discarded ${counted(answer.discarded, 'change')} of ${agent} in ${answer.workspace}`,
    )
  },
})

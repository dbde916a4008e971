import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { argument, flag, option, requiredOption } from '../param.ts'

export const taintClear = command({
  name: 'taint clear',
  about: 'say that what an agent has seen is harmless',
  details: [
    'Look first at where its labels come from: warder taint show. Without --files what it wrote keeps its marks, and whoever reads that is tainted again.',
  ],
  examples: [
    { run: 'warder taint clear claude-code --reason "read the page myself"', does: 'asks before it does so' },
  ],
  args: { agent: argument('the agent', { completes: 'agent' }) },
  options: {
    files: flag('the marks on what it wrote as well'),
    reason: requiredOption('why; kept in the record'),
    confirm: option('the name of the agent, instead of typing it', { value: 'agent' }),
  },
  exits: ['denied', 'unavailable'],
  async run({ agent, files, reason, confirm }, context) {
    await confirmName(context, agent, confirm, `${agent} counts as having seen nothing of strangers`)
    const answer = await calls(await context.client()).call('taintClear', {
      ...{ agent, reason },
      files,
    })
    const { labels, files: count } = answer
    context.out.result(
      answer,
      labels.length + count === 0
        ? `${agent} carried nothing`
        : `${agent} carries nothing any more: ${labels.join(', ') || 'no label'}${count > 0 ? `, ${count} files` : ''}`,
    )
  },
})

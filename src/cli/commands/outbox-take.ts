import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, option } from '../param.ts'

export const outboxTake = command({
  name: 'outbox take',
  about: 'take the results of a task, into a new folder',
  details: [
    'All files appear there in one step, exactly as they were scanned, without any right to be run; then they no longer wait. What is in them was written by the task: look before you use it.',
  ],
  examples: [{ run: 'warder outbox take job ./results', does: 'the oldest results of that agent' }],
  args: {
    agent: argument('the agent', { completes: 'agent' }),
    folder: argument('a folder that is not there yet'),
  },
  options: { run: option('the run, when there are several (warder outbox list)') },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ agent, folder, run }, { client, cwd, out }) {
    const to = resolve(cwd, folder)
    const taken = await calls(await client()).call('outboxTake', {
      agent,
      to,
      ...(run === undefined ? {} : { run }),
    })
    const count = taken.delivery.files.length
    out.result(taken, `${count} ${count === 1 ? 'file' : 'files'} of ${agent} in ${taken.to}`)
  },
})

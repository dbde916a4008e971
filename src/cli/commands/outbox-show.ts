import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'
import { argument, option } from '../param.ts'

export const outboxShow = command({
  name: 'outbox show',
  about: 'show which files a task left, with their digests',
  examples: [{ run: 'warder outbox show job', does: 'the oldest results of that agent' }],
  args: { agent: argument('the agent', { completes: 'agent' }) },
  options: { run: option('the run, when there are several (warder outbox list)') },
  exits: ['missing', 'unavailable'],
  async run({ agent, run }, { client, out }) {
    const shown = await calls(await client()).call('outboxShow', {
      agent,
      ...(run === undefined ? {} : { run }),
    })
    out.table(
      shown.files,
      [
        { title: 'FILE', value: ({ name }) => name, shrinks: true },
        { title: 'SIZE', value: ({ sizeBytes }) => formatSize(sizeBytes), right: true },
        { title: 'SHA-256', value: ({ sha256 }) => sha256.slice(0, 16) },
      ],
      { value: shown },
    )
    out.note(`take them with: warder outbox take ${agent} FOLDER`)
  },
})

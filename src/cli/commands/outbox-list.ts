import { calls } from '../../client/calls.ts'
import { formatSize } from '../../core/quantity.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { option } from '../param.ts'

export const outboxList = command({
  name: 'outbox list',
  about: 'list results of tasks in containers that wait for you',
  details: [
    'A task whose profile has an outbox leaves its results in /outbox. When it has ended by itself they are scanned (size, links, devices, names that tools obey, secrets) and kept, all of them or none.',
  ],
  examples: [
    { run: 'warder run --profile container --agent job -- make report', does: 'a task that leaves results' },
    { run: 'warder outbox list', does: 'what it left' },
  ],
  options: { agent: option('only this agent', { completes: 'agent' }) },
  exits: ['unavailable'],
  async run({ agent }, { client, out }) {
    const { deliveries } = await calls(await client()).call(
      'outboxList',
      agent === undefined ? {} : { agent },
    )
    out.table(
      deliveries,
      [
        { title: 'AGENT', value: (each) => each.agent },
        { title: 'RUN', value: (each) => each.run },
        { title: 'SINCE', value: (each) => localTime(Date.parse(each.deliveredAt)) },
        { title: 'FILES', value: (each) => String(each.files.length), right: true },
        { title: 'SIZE', value: (each) => formatSize(each.totalBytes), right: true },
      ],
      { value: { deliveries }, empty: 'no results wait for you' },
    )
  },
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { flag, option } from '../param.ts'

export const integrityBaseline = command({
  name: 'integrity baseline',
  about: 'sign what is there now as right',
  details: [
    'Takes in Warder’s programs and runtime, its units, keys, policy, the agent settings that warder setup wrote, and what integrity.watch, integrity.models and integrity.programs name. Never done by itself. Where something differs from the last baseline it is refused until you have looked (warder integrity diff) and say --accept.',
  ],
  examples: [
    { run: 'warder integrity baseline', does: 'the first one, or one more where nothing differs' },
    { run: 'warder integrity baseline --accept --reason "apt upgrade"', does: 'what differs is right' },
  ],
  options: {
    accept: flag('what differs from the last baseline was looked at, and is right'),
    reason: option('why; kept in the record'),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ accept, reason }, context) {
    const answer = await calls(await context.client()).call('integrityBaseline', {
      accept,
      ...(reason === undefined ? {} : { reason }),
    })
    const { revision, files, bytesRead, milliseconds, unreadable } = answer
    for (const path of unreadable.slice(0, 10))
      context.out.note(`cannot be read, only its rights are compared: ${path}`)
    context.out.result(
      answer,
      `baseline ${revision}: ${files} files, ${(bytesRead / 1e6).toFixed(1)} MB read in ${(milliseconds / 1000).toFixed(2)} s`,
    )
  },
})

import { calls } from '../../client/calls.ts'
import { forgetSession } from '../../client/session.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { option, requiredOption } from '../param.ts'

export const ownerReset = command({
  name: 'owner reset',
  about: 'begin a new book of people, where the old one cannot be trusted',
  details: [
    'For the day people.db was damaged, altered or put back from an old copy, and nobody is let in any more. The old file is put aside. There is no passphrase then, and every guest, device and chat sender must be let in again. It is on record as critical.',
  ],
  examples: [{ run: 'warder owner reset --reason "disk was damaged"', does: 'asks before it does so' }],
  options: {
    reason: requiredOption('why; kept in the record'),
    confirm: option('the word people, instead of typing it', { value: 'people' }),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ reason, confirm }, context) {
    await confirmName(context, 'people', confirm, 'every guest, device and session is forgotten')
    const answer = await calls(await context.client()).call('ownerReset', { reason })
    forgetSession(context.config.values['paths.runtime'])
    context.out.result(
      answer,
      `a new book was begun${answer.kept === undefined ? '' : `; the old one is ${answer.kept}`}`,
    )
  },
})

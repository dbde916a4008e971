import { AUTONOMY_LEVELS } from '../../api/approvals.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { choiceArgument } from '../param.ts'
import { AUTONOMY_WORDS } from './autonomy-show.ts'

export const autonomySet = command({
  name: 'autonomy set',
  about: 'say how much agents do alone',
  details: [
    'manual asks a person for everything of medium risk and above that would be allowed; supervised is what policy says; full leaves to agents what policy would only ask for its medium risk. No level opens what policy denies, and critical acts are refused to agents at every level. Permits that were given and not used are taken back.',
  ],
  examples: [{ run: 'warder autonomy set manual', does: 'nothing happens without you' }],
  args: { level: choiceArgument('how much', AUTONOMY_LEVELS) },
  exits: ['denied', 'unavailable'],
  async run({ level }, { client, out }) {
    const answer = await calls(await client()).call('autonomySet', { level })
    out.result(
      answer,
      `autonomy is ${answer.level} (it was ${answer.before}): ${AUTONOMY_WORDS[answer.level]}`,
    )
  },
})

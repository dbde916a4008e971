import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { counted } from '../counted.ts'

export const policyReload = command({
  name: 'policy reload',
  about: 'read the policy file again, all or nothing',
  details: ['A file with an error changes nothing: the policy in force stays.'],
  examples: [{ run: 'warder policy reload', does: 'after an edit' }],
  exits: ['denied', 'unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('policyReload', {})
    out.result(
      answer,
      `${answer.changed ? 'in force now' : 'unchanged'}: ${counted(answer.rules, 'rule')}, digest ${answer.digest.slice(0, 12)}, epoch ${answer.epoch}`,
    )
  },
})

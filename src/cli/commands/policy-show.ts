import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const policyShow = command({
  name: 'policy show',
  about: 'show the policy in force',
  examples: [{ run: 'warder policy show', does: 'the text the daemon decided with last, and its digest' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const policy = await calls(await client()).call('policyShow', {})
    out.note(`${policy.file}, digest ${policy.digest}, epoch ${policy.epoch}`)
    out.result(policy, policy.text.trimEnd())
  },
})

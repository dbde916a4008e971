import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export const AUTONOMY_WORDS = {
  manual: 'what agents may do asks all the same from medium risk on',
  supervised: 'agents do what policy allows, and ask where it says so',
  full: 'what policy asks for its medium risk alone is not asked; rules that ask by name still do',
} as const

export const autonomyShow = command({
  name: 'autonomy show',
  about: 'show how much agents do alone',
  examples: [{ run: 'warder autonomy show', does: 'manual, supervised or full' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('autonomyShow', {})
    out.result(answer, `${answer.level}: ${AUTONOMY_WORDS[answer.level]}`)
  },
})

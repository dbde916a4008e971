import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { canaryTable } from './canary-list.ts'

export const canaryCheck = command({
  name: 'canary check',
  about: 'look at every canary now',
  details: ['What is found is told as it would be otherwise. Exit 8 when one is not as it was planted.'],
  examples: [{ run: 'warder canary check', does: 'reads, writes and moves that nobody saw' }],
  exits: ['unverified', 'unavailable'],
  async run(_input, context) {
    const answer = await calls(await context.client()).call('canaryCheck', {})
    canaryTable(context, answer)
    const isWell = answer.problem === undefined && answer.canaries.every(({ traces }) => traces.length === 0)
    return isWell ? EXIT.ok : EXIT.unverified
  },
})

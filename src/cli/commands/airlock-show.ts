import type { AirlockAnswer } from '../../api/egress.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'

export function airlockWords({ mode, openUntil }: AirlockAnswer): string {
  if (mode === 'off')
    return 'the airlock is not in use: rules alone decide what leaves (egress.airlock is off)'
  return openUntil === undefined
    ? 'the airlock is shut: nothing leaves any sandbox'
    : `the airlock is open until ${openUntil}`
}

export const airlockShow = command({
  name: 'airlock show',
  about: 'show whether anything may leave the sandboxes',
  examples: [{ run: 'warder airlock show', does: 'shut, open until when, or not in use' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const answer = await calls(await client()).call('airlockShow', {})
    out.result(answer, airlockWords(answer))
  },
})

import { calls } from '../../client/calls.ts'
import { command, type Context } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { argument, choiceOption, option, requiredOption } from '../param.ts'
import { incidentWords } from './incident-words.ts'

export const recover = command({
  name: 'recover',
  about: 'let what an incident stopped go on: evidence, cause, name, a fresh look, and then the end of it',
  details: [
    'Shows the incident and its receipts, checks that nothing of it is pending and that Warder itself was seen whole since, where its class needs that; then asks for its id, acknowledges it under your name with the cause, resolves it, and lifts the stop and what else it held, unless another incident holds it too.',
    'There is no other way out of a latched incident; neither a restart nor warder resume ends it.',
  ],
  examples: [
    {
      run: 'warder recover 0007 --by Anna --cause "a swapped binary" --reason "reinstalled it"',
      does: 'asks before it does so',
    },
  ],
  args: { id: argument('the incident') },
  options: {
    by: requiredOption('who you are', { value: 'NAME' }),
    cause: requiredOption('what the cause was'),
    reason: requiredOption('what was done about the cause'),
    accept: choiceOption('leave what was never confirmed as it is', ['unconfirmed']),
    confirm: option('the id as given, for scripts', { value: 'ID' }),
  },
  exits: ['missing', 'conflict', 'denied', 'unavailable'],
  async run({ id, by, cause, reason, accept, confirm }, context) {
    const { call } = calls(await context.client())
    const incident = await call('incidentShow', { id })
    if (confirm === undefined) show(incident, context)
    const asked = { id, by, reason, ...(accept === undefined ? {} : { accept: [accept] }) }
    // before anything is written under somebody's name
    await call('incidentResolve', { ...asked, dry: true })
    await confirmName(context, id, confirm, 'what it stopped may go on')
    if (incident.state !== 'acknowledged') await call('incidentAck', { id, by, cause })
    const answer = await call('incidentResolve', asked)
    const { lifted } = answer
    const back = lifted.length === 0 ? 'it held nothing that could be lifted' : `lifted: ${lifted.join(', ')}`
    context.out.result(answer, `${answer.incident.id} is resolved by ${by}; ${back}`)
    context.out.note('see that everything is well: warder status')
  },
})

function show(incident: Parameters<typeof incidentWords>[0], context: Context): void {
  if (!context.out.isJson) context.out.note(incidentWords(incident, context))
}

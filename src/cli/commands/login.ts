import { calls } from '../../client/calls.ts'
import { writeSession } from '../../client/session.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { integerOption } from '../param.ts'
import { SecretInput } from '../secret-input.ts'

export const login = command({
  name: 'login',
  about: 'give the passphrase, for what needs it',
  details: [
    'Begins a session. For ten minutes after it (session.fresh_for) acts that need the passphrase are let through; the session itself ends after half an hour without use, and after twelve hours in any case. Its token stands in the runtime directory, which no sandbox shows.',
  ],
  examples: [{ run: 'warder login', does: 'then, for example: warder resume --all --reason "looked at it"' }],
  options: { fromFd: integerOption('read the passphrase from this descriptor instead of asking', 0, 1023) },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ fromFd }, context) {
    const passphrase = await new SecretInput(context, fromFd).next('the passphrase')
    const { session, token } = await calls(await context.client()).call('login', { passphrase })
    writeSession(context.config.values['paths.runtime'], token)
    context.out.result(session, `session ${session.id} until ${localTime(Date.parse(session.endsAt))}`)
  },
})

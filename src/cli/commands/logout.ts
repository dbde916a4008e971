import { calls } from '../../client/calls.ts'
import { forgetSession, readSession } from '../../client/session.ts'
import { command } from '../command.ts'

export const logout = command({
  name: 'logout',
  about: 'end your session',
  examples: [{ run: 'warder logout', does: 'what needs the passphrase needs it again' }],
  exits: ['missing', 'unavailable'],
  async run(_input, context) {
    const directory = context.config.values['paths.runtime']
    if (readSession(directory) === undefined) {
      return context.out.result({ ended: null }, 'there is no session')
    }
    try {
      const answer = await calls(await context.client()).call('sessionEnd', { id: 'current' })
      context.out.result(answer, `session ${answer.ended} is over`)
    } finally {
      forgetSession(directory) // whatever the daemon says: a token nobody holds opens nothing
    }
  },
})

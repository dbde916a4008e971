import { calls } from '../../client/calls.ts'
import { forgetSession } from '../../client/session.ts'
import { command } from '../command.ts'
import { choiceArgument, integerOption } from '../param.ts'
import { SecretInput } from '../secret-input.ts'

export const ownerPassphrase = command({
  name: 'owner passphrase',
  about: 'set, check or remove the owner’s passphrase',
  details: [
    'Without a passphrase you are the owner because you are the user Warder runs as. With one, what loosens something needs it given a short time ago (warder login): lifting a stop, reading a changed policy, wide or long grants, inviting, pairing, capability tokens, and answering questions of high risk. All else goes on as before.',
    'It is asked for at the terminal, or read from a descriptor: one line each, the old one first where one is set. After 5 failures nothing is tried for a minute, after 15 for a quarter of an hour; a restart forgets no failure. Setting or removing it ends every session.',
  ],
  examples: [
    { run: 'warder owner passphrase set', does: 'asks for it twice' },
    { run: 'warder owner passphrase check --from-fd 3 3< FILE', does: 'in a script' },
  ],
  args: { what: choiceArgument('what to do', ['set', 'check', 'remove']) },
  options: { fromFd: integerOption('read it from this descriptor instead of asking', 0, 1023) },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ what, fromFd }, context) {
    const api = calls(await context.client())
    const input = new SecretInput(context, fromFd)
    if (what === 'set') {
      const { passphrase: isSet } = await api.call('sessionList', {})
      const old = isSet ? { old: await input.next('the passphrase so far') } : {}
      const passphrase = await input.fresh('the new passphrase')
      const answer = await api.call('passphraseSet', { passphrase, ...old })
      forgetSession(context.config.values['paths.runtime'])
      return context.out.result(answer, 'the passphrase is set; begin a session with: warder login')
    }
    const passphrase = await input.next('the passphrase')
    if (what === 'check') {
      return context.out.result(await api.call('passphraseCheck', { passphrase }), 'that is the passphrase')
    }
    const answer = await api.call('passphraseRemove', { passphrase })
    forgetSession(context.config.values['paths.runtime'])
    context.out.result(answer, 'there is no passphrase any more')
  },
})

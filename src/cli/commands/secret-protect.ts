import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { choiceArgument, integerOption } from '../param.ts'
import { SecretInput } from '../secret-input.ts'

export const secretProtect = command({
  name: 'secret protect',
  about: 'set or remove the passphrase of the secret store',
  details: [
    'Without a passphrase the store is opened by its key file alone: whoever copies both has every value. With one, a copy of both is worth nothing without it; it has to be given after each start (warder secret unlock). Nobody can recover it.',
  ],
  examples: [
    { run: 'warder secret protect set', does: 'asks for it twice; the one so far first, where one is set' },
    { run: 'warder secret protect remove', does: 'the key file alone opens the store again' },
  ],
  args: { what: choiceArgument('what to do', ['set', 'remove']) },
  options: {
    fromFd: integerOption('read it from this descriptor instead of asking; one line each', 0, 1023),
  },
  exits: ['denied', 'unavailable'],
  async run({ what, fromFd }, context) {
    const api = calls(await context.client())
    const input = new SecretInput(context, fromFd)
    const { isProtected } = await api.call('secretList', {})
    const old = isProtected ? { old: await input.next('the passphrase so far') } : {}
    const fresh = what === 'set' ? { passphrase: await input.fresh('the new passphrase') } : {}
    const answer = await api.call('secretProtect', { ...old, ...fresh })
    const text = what === 'set' ? 'the store has a passphrase' : 'the key file alone opens the store'
    context.out.result(answer, text)
  },
})

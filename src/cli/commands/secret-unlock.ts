import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { integerOption } from '../param.ts'
import { SecretInput } from '../secret-input.ts'

export const secretUnlock = command({
  name: 'secret unlock',
  about: 'give the passphrase of the store, after a start or a lock',
  examples: [{ run: 'warder secret unlock', does: 'asks for it; in a script: --from-fd 3 3< FILE' }],
  options: { fromFd: integerOption('read it from this descriptor instead of asking', 0, 1023) },
  exits: ['denied', 'unavailable'],
  async run({ fromFd }, context) {
    const passphrase = await new SecretInput(context, fromFd).next('the passphrase of the secret store')
    const answer = await calls(await context.client()).call('secretUnlock', { passphrase })
    context.out.result(answer, 'the secret store is open')
  },
})

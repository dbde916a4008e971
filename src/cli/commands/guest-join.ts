import { redeemText } from '../../core/proof.ts'
import { newKeyPair, peopleClient, pkcs8Of, signed } from '../../client/people.ts'
import { writeMembership } from '../../client/membership.ts'
import { command } from '../command.ts'
import { localTime } from '../out.ts'
import { integerOption, requiredOption } from '../param.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { SecretInput } from '../secret-input.ts'

export const guestJoin = command({
  name: 'guest join',
  about: 'redeem an invitation of another user',
  details: [
    'Makes a key that stays with you, and trades the invitation for a token bound to it. The invitation names the host’s own key: what answers on the socket must prove it. It is asked for at the terminal or read from a descriptor, for an argument can be read by everybody.',
  ],
  examples: [
    { run: 'warder guest join --at /run/warder-people/people.sock', does: 'asks for the invitation' },
  ],
  options: {
    at: requiredOption('the socket its owner named', { value: 'PATH', completes: 'file' }),
    fromFd: integerOption('read the invitation from this descriptor instead of asking', 0, 1023),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ at: socket, fromFd }, context) {
    const invitation = (await new SecretInput(context, fromFd).next('the invitation')).trim()
    const [word, , , server] = invitation.split('.')
    if (word !== 'wi1' || server === undefined) {
      throw new CliError(CLI_ERRORS, 'STDIN_INVALID', {
        what: 'that is not an invitation: one begins with wi1',
        fix: 'copy the whole line that warder guest invite printed',
      })
    }
    const client = peopleClient(socket, () => context.clock.now())
    await client.hello(server) // nothing secret is sent before
    const pair = newKeyPair()
    const signature = signed(pair.key, redeemText({ invitation, key: pair.publicKey, server }))
    const answer = await client.join('redeem', { invitation, publicKey: pair.publicKey, signature })
    const { member, token, expiresAt } = answer
    const kept = { socket, server, name: member.name, key: pkcs8Of(pair), member: member.id, token }
    writeMembership(context.config.values['paths.keys'], { ...kept, tokenExpiresAt: expiresAt })
    const until = localTime(Date.parse(member.expiresAt))
    context.out.result(member, `you are ${member.principal} until ${until}: ${member.scope.join(', ')}`)
    context.out.note('run a command there with: warder guest exec -- COMMAND')
  },
})

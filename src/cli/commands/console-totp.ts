import { calls } from '../../client/calls.ts'
import { command, type Context } from '../command.ts'
import { choiceArgument, flag, integerOption } from '../param.ts'
import { qrRows, speaksUnicode } from '../qr.ts'
import { SecretInput } from '../secret-input.ts'

export const consoleTotp = command({
  name: 'console totp',
  about: 'ask for a code of your phone beside the passphrase, at the console',
  details: [
    'set makes a secret, shows it as a QR code and as text for an authenticator app, and asks for the code the app then shows; only then does it count. From then on a log-in by passphrase at the console needs the code of the moment (RFC 6238: six digits, thirty seconds), and no code is taken twice. The secret is kept sealed, and never shown again.',
    'Commands at the terminal ask for no code: they come through a socket nobody else reaches.',
  ],
  examples: [
    { run: 'warder console totp set', does: 'asks for a code to see that it works' },
    { run: 'warder console totp remove', does: 'asks for the passphrase' },
  ],
  args: { what: choiceArgument('what to do', ['set', 'remove']) },
  options: {
    fromFd: integerOption(
      'read the code, or the passphrase, from this descriptor instead of asking',
      0,
      1023,
    ),
    noQr: flag('show the secret as text alone'),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ what, fromFd, noQr }, context) {
    const { call } = calls(await context.client())
    const input = new SecretInput(context, fromFd)
    if (what === 'remove') {
      const answer = await call('totpRemove', { passphrase: await input.next('the passphrase') })
      return context.out.result(answer, 'no code is asked for any more')
    }
    const { secret, address } = await call('totpBegin', {})
    if (!noQr) draw(context, address)
    context.out.note(`for the app, where it cannot read the picture: ${secret}`)
    const answer = await call('totpConfirm', { code: await input.next('the code the app shows now') })
    context.out.result(answer, 'from now on the console asks for a code with the passphrase')
  },
})

function draw({ out, environment }: Context, address: string): void {
  if (speaksUnicode(environment)) out.picture(qrRows(address))
}

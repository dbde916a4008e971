import { command } from '../command.ts'
import { askToPair, ASK_OPTIONS, drawScan, shownAs } from './pairing-ask.ts'

export const pairingRequest = command({
  name: 'pairing request',
  about: 'ask to be paired, without waiting',
  details: [
    'The same as the first half of warder pair, for scripts; warder pair with the same name goes on with it.',
  ],
  examples: [
    {
      run: 'warder pairing request --at /run/warder-people/people.sock --json',
      does: 'code and fingerprint',
    },
  ],
  options: ASK_OPTIONS,
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ at: socket, name, noQr }, context) {
    const asked = await askToPair(context, { socket, name })
    if (!noQr) drawScan(context, asked)
    context.out.result(asked, shownAs(asked))
  },
})

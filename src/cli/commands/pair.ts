import { setTimeout as sleep } from 'node:timers/promises'
import { forgetMembership } from '../../client/membership.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { askToPair, ASK_OPTIONS, drawScan, goOnPairing, shownAs } from './pairing-ask.ts'

const LOOK_EVERY_MS = 1000

export const pair = command({
  name: 'pair',
  about: 'pair this device with a Warder of another machine or user',
  details: [
    'Shows a code and the fingerprint of a key that was made here and stays here, and waits. Its owner types the code over there (warder pairing approve), compares the fingerprint and chooses what this device may. Then the key is proven, over the host’s own number, the code and both keys, and only then is there a token.',
    'On a terminal that can show it (colours, a UTF-8 locale, and room) the same stands there as a QR code; the text a camera reads from it can be given to warder pairing approve in place of the code, and carries the fingerprint along. --no-qr, --no-color and NO_COLOR leave it out.',
    'Over the network, forward the socket first: ssh -L /tmp/people.sock:/run/warder-people/people.sock HOST.',
  ],
  examples: [
    {
      run: 'warder pair --at /run/warder-people/people.sock --name laptop',
      does: 'waits up to 5 minutes',
    },
  ],
  options: ASK_OPTIONS,
  exits: ['denied', 'conflict', 'unavailable', 'timedOut'],
  async run({ at: socket, name, noQr }, context) {
    const asked = await askToPair(context, { socket, name })
    if (!noQr) drawScan(context, asked)
    context.out.note(shownAs(asked))
    let state = 'requested'
    while (state === 'requested') {
      state = await goOnPairing(context, asked.name)
      if (state === 'requested') await sleep(LOOK_EVERY_MS)
    }
    if (state === 'active') {
      return context.out.result(
        { name: asked.name, state },
        `paired as device:${asked.name}; see: warder guest status`,
      )
    }
    forgetMembership(context.config.values['paths.keys'], asked.name)
    context.out.result({ name: asked.name, state }, `not paired: it was ${state}`)
    return state === 'expired' ? EXIT.timedOut : EXIT.denied
  },
})

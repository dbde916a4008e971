import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { optionalArgument } from '../param.ts'

export const deviceRotate = command({
  name: 'device rotate',
  about: 'end the token of a device, or every token with the key behind them',
  details: ['Devices and guests get a new one by proving their own key; nobody has to pair again.'],
  examples: [
    { run: 'warder device rotate laptop', does: 'one token' },
    { run: 'warder device rotate', does: 'all tokens, and a new key to seal them with' },
  ],
  args: { name: optionalArgument('its name or id; absent: all') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ name }, { client, out }) {
    const answer = await calls(await client()).call('deviceRotate', name === undefined ? {} : { id: name })
    out.result(
      answer,
      name === undefined
        ? `all tokens ended; new key ${answer.rotated}`
        : `the token of ${answer.rotated} ended`,
    )
  },
})

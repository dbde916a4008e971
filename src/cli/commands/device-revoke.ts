import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, option } from '../param.ts'

export const deviceRevoke = command({
  name: 'device revoke',
  about: 'take a device’s rights away, or a chat sender’s',
  details: ['At once and everywhere: its token, its key and what it runs.'],
  examples: [
    { run: 'warder device revoke laptop', does: 'a device' },
    { run: 'warder device revoke 4711 --channel matrix', does: 'a chat sender' },
  ],
  args: { name: argument('its name or id; of a chat sender, the sender') },
  options: { channel: option('of a chat sender, the channel') },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ name, channel }, { client, out }) {
    const api = calls(await client())
    if (channel !== undefined) {
      return out.result(
        await api.call('senderRevoke', { channel, sender: name }),
        `${name} on ${channel} is forgotten`,
      )
    }
    const answer = await api.call('deviceRevoke', { id: name })
    out.result(answer, `${answer.device.principal} is out; ${answer.endedRuns} runs were ended`)
  },
})

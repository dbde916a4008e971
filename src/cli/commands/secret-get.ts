import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, flag, option } from '../param.ts'
import { secretLines } from './secret-terms.ts'

export const secretGet = command({
  name: 'secret get',
  about: 'what is known of a secret; its value only with --reveal',
  details: [
    'With --reveal the value itself goes to standard output, for a program to read, and nothing else does. Where you have set a passphrase it must have been given a short time ago (warder login). Each look is in the ledger.',
    'The fingerprint is the same for the same value, on this machine only: compare it with what another command shows.',
  ],
  examples: [
    { run: 'warder secret get github-token', does: 'everything but the value' },
    {
      run: 'warder secret get github-token --reveal > /dev/shm/token',
      does: 'the value, to a file you then remove',
    },
  ],
  args: { name: argument('the secret') },
  options: {
    reveal: flag('write the value to standard output'),
    reason: option('why; recorded', { value: 'TEXT' }),
  },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ name, reveal, reason }, { client, out }) {
    const answer = await calls(await client()).call('secretRead', {
      name,
      reveal,
      ...(reason === undefined ? {} : { reason }),
    })
    const { value, ...known } = answer
    if (value === undefined) {
      const shown = `********, ${known.sizeBytes} bytes, fingerprint ${known.fingerprint}`
      return out.result(known, `${secretLines(known.secret)}\nshown   ${shown}`)
    }
    if (out.isJson) return out.result(answer, '')
    out.raw(Buffer.from(value, 'base64'))
    if (out.width !== undefined) out.raw('\n') // a person reads it: the prompt goes on the next line
  },
})

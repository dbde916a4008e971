import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { requiredOption } from '../param.ts'

export const emergencyUnlock = command({
  name: 'emergency unlock',
  about: 'lift the emergency lock',
  details: [
    'Secrets can be opened again, with their passphrase where they have one. Agents stay stopped until they are resumed (warder resume --all). Where the owner has a passphrase it must have been given a short time ago (warder login).',
  ],
  examples: [{ run: 'warder emergency unlock --reason "the laptop is back"', does: 'lifts it' }],
  options: { reason: requiredOption('why; kept in the record') },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ reason }, { client, out }) {
    const answer = await calls(await client()).call('emergencyUnlock', { reason })
    out.result(answer, 'the lock is lifted; agents stay stopped until: warder resume --all --reason …')
  },
})

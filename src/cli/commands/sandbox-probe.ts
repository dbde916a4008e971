import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'

export const sandboxProbe = command({
  name: 'sandbox probe',
  about: 'try every guarantee of the sandbox on this host, now',
  details: ['Each guarantee is tried with a real sandbox, not looked up. Exit 7 when one is not in force.'],
  examples: [{ run: 'warder sandbox probe', does: 'what the kernel really enforces here' }],
  exits: ['unavailable'],
  async run(_input, { client, out }) {
    const probe = await calls(await client()).call('sandboxProbe', {})
    out.table(
      probe.guarantees,
      [
        {
          title: '',
          value: ({ inForce }) => (inForce ? 'in force' : 'NOT'),
          style: (cell, { inForce }) => out.style(inForce ? 'green' : 'red', cell),
        },
        { title: 'GUARANTEE', value: ({ name }) => name },
        { title: 'WHY', value: ({ why }) => why, shrinks: true },
        { title: 'FIX', value: ({ fix }) => fix ?? '', shrinks: true },
      ],
      { value: probe },
    )
    return probe.available && probe.guarantees.every(({ inForce }) => inForce) ? EXIT.ok : EXIT.unavailable
  },
})

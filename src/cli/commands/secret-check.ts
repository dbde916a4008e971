import type { LeakAnswer } from '../../api/secrets.ts'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { flag, optionalArgument } from '../param.ts'
import { resolve } from 'node:path'

export const secretCheck = command({
  name: 'secret check',
  about: 'look for secrets where none should be, and for doors left open',
  details: [
    'Looks into the environments and command lines of your processes, histories of shells, configuration in your home, and a project; for known shapes of tokens, and for the very values Warder keeps. A finding shows four characters and a tag, never the value. Exit 8 when something is found.',
    'A line may say that it is known, until a day: warder:allow-secret until=2030-01-31 and why.',
    'Owners, modes, links and access lists of the store and of everything above it are looked at as well; --fix takes away rights that others have, and asks for nothing else.',
  ],
  examples: [
    { run: 'warder secret check', does: 'this directory, your home, your processes' },
    { run: 'warder secret check --modes --fix', does: 'only owners and modes, mended where they can be' },
  ],
  args: { project: optionalArgument('a directory (default: this one)', { completes: 'file' }) },
  options: {
    modes: flag('only owners and modes of the store'),
    fix: flag('take away rights on the store that others have'),
  },
  exits: ['unverified', 'unavailable'],
  async run({ project, modes, fix }, { client, out, cwd, signal }) {
    const api = calls(await client())
    const { findings } = await api.call('secretPaths', { fix })
    const leaks: LeakAnswer[] = []
    const where = resolve(cwd, project ?? '.')
    if (!modes)
      for await (const leak of api.stream('secretLeaks', { project: where }, signal)) leaks.push(leak)
    const open = findings.filter(({ fixed }) => !fixed)
    const lines = [
      ...findings.map(({ path, why, fixed, fixable }) =>
        fixed
          ? `mended   ${path}: ${why}`
          : `open     ${path}: ${why}${fixable ? ' (mend it with --fix)' : ''}`,
      ),
      ...leaks.map(({ where: at, line, rule, risk, shown }) => {
        const place = line === undefined ? at : `${at}:${line}`
        return `${risk.padEnd(9)}${place}: ${rule === 'stored' ? `the value of ${shown}` : `${rule}, ${shown}`}`
      }),
    ]
    const text = lines.length === 0 ? 'nothing was found' : lines.join('\n')
    out.result({ modes: findings, leaks }, text)
    return open.length + leaks.length === 0 ? EXIT.ok : EXIT.unverified
  },
})

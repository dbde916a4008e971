import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { flag } from '../param.ts'
import { telling } from '../waiting.ts'
import { writeStarter } from './policy-init.ts'
import { TRYING } from './status.ts'

export const init = command({
  name: 'init',
  about: 'set Warder up for this user, and try it out',
  details: [
    'Makes the private directories and keys, writes a commented policy that lets agents work in their own workspace and nowhere else, starts the daemon and tries every guarantee of the sandbox. Safe to run twice: nothing that is there is changed.',
  ],
  examples: [{ run: 'warder init', does: 'then: warder run -- YOUR-AGENT' }],
  options: { defaults: flag('ask nothing (there is nothing to ask yet)') },
  exits: ['unavailable'],
  async run(_input, context) {
    const { out } = context
    const policy = writeStarter(context, false)
    const client = calls(await context.client())
    await client.call('policyReload', {})
    const probe = await telling(out, TRYING, client.call('sandboxProbe', {}))
    const missing = probe.guarantees.filter(({ inForce }) => !inForce)
    const { values } = context.config
    const lines = [
      `policy    ${policy.path}${policy.written ? ' (new)' : ' (kept)'}`,
      `keys      ${values['paths.keys']}`,
      `ledger    ${values['audit.directory']}${values['audit.witness'] === undefined ? ', no witness: name a second place with the setting audit.witness' : ''}`,
      `sandbox   ${probe.available ? `${probe.driver}, ${probe.guarantees.length - missing.length} of ${probe.guarantees.length} guarantees in force` : out.style('red', `${probe.driver} is not available`)}`,
      ...missing.map(
        ({ name, why, fix }) =>
          `          ${out.style('red', 'not in force')} ${name}: ${why}${fix === undefined ? '' : `; ${fix}`}`,
      ),
      '',
      'A daemon that stays: warder service install. Without one, run and exec start it when they need it.',
      probe.available
        ? `Next: ${out.style('bold', 'warder run -- YOUR-AGENT')} in the directory of a project`
        : 'Next: warder doctor',
    ]
    out.result({ policy, sandbox: probe }, lines.join('\n'))
    return probe.available ? EXIT.ok : EXIT.unavailable
  },
})

import { dirname } from 'node:path'
import { STARTER_POLICY } from '../../decide/policy/index.ts'
import { ensurePrivateDirectory, readSmallFile, writeFileAtomic } from '../../platform/files.ts'
import { command, type Context } from '../command.ts'
import { flag } from '../param.ts'

export const policyInit = command({
  name: 'policy init',
  about: 'write a commented starter policy',
  details: [
    'The starter lets every agent work in its own workspace with the programs of the system, and use the tools of its session that touch nothing else. An existing policy is kept unless --force, which leaves a copy beside it.',
  ],
  examples: [{ run: 'warder policy init', does: 'writes policy.yaml where the setting policy.file says' }],
  options: { force: flag('replace an existing policy; the old one is kept as policy.yaml.old') },
  exits: ['unavailable'],
  async run({ force }, context) {
    const { path, written } = writeStarter(context, force)
    context.out.result({ path, written }, written ? `written: ${path}` : `kept as it is: ${path}`)
    if (written) context.out.note('after an edit: warder policy check, then warder policy reload')
  },
})

/** Safe to do twice: what is there stays, byte for byte. */
export function writeStarter({ config }: Context, force: boolean): { path: string; written: boolean } {
  const path = config.values['policy.file']
  const old = readSmallFile(path)
  if (old !== undefined && (!force || old.toString() === STARTER_POLICY)) return { path, written: false }
  ensurePrivateDirectory(dirname(path))
  if (old !== undefined) writeFileAtomic(`${path}.old`, old)
  writeFileAtomic(path, STARTER_POLICY)
  return { path, written: true }
}

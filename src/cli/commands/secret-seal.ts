import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { writeFileAtomic } from '../../platform/files.ts'
import { command } from '../command.ts'
import { manyArguments, requiredOption } from '../param.ts'
import { FD_OPTION, valueFrom } from './secret-value.ts'

export const secretSeal = command({
  name: 'secret seal',
  about: 'write a sealed boot file with secrets for another machine',
  details: [
    'The machine loads it at its start (secrets.boot_file), with a key that is delivered apart from it (secrets.boot_key), such as a credential of systemd. The key is asked for, or read like a value. With secrets.after_load consume the key is destroyed once everything is loaded.',
  ],
  examples: [
    {
      run: 'warder secret seal github-token db-password --to boot.sealed --fd 3 3< boot.key',
      does: 'with the key of a file',
    },
  ],
  args: { names: manyArguments('the secrets', { value: 'NAME' }) },
  options: { to: requiredOption('the file to write', { value: 'FILE', completes: 'file' }), fd: FD_OPTION },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ names, to, fd }, context) {
    const key = await valueFrom(context, fd, 'the key of the boot file')
    const { file, secrets } = await calls(await context.client()).call('secretSeal', {
      names: [...names],
      key,
    })
    writeFileAtomic(resolve(context.cwd, to), file)
    context.out.result(
      { to, secrets },
      `${to} holds ${secrets} ${secrets === 1 ? 'secret' : 'secrets'}, sealed`,
    )
  },
})

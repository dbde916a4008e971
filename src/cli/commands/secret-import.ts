import { closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { isSecretVariable } from '../../core/secret-variable.ts'
import { messageOf } from '../../core/error.ts'
import { calls } from '../../client/calls.ts'
import { command, type Context } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { choiceOption, flag, option, optionalArgument } from '../param.ts'
import { read } from './secret-value.ts'

const MOST_BYTES = 1024 * 1024

export const secretImport = command({
  name: 'secret import',
  about: 'take secrets over from a .env file, a file of Fernet tokens, or your environment',
  details: [
    'Of a .env file and the environment only variables are taken whose names say that they hold a secret; --all takes the others too. OPENAI_API_KEY becomes openai-api-key. A Fernet file is read with --key and opened whole or not at all.',
    'The source stays as it is: remove it yourself once the secrets are kept. A variable goes on standing in the environment of every program that has it: start those again without it.',
  ],
  examples: [
    { run: 'warder secret import .env --dry-run', does: 'shows which names it would take' },
    { run: 'warder secret import --environment', does: 'the variables of this shell' },
    { run: 'warder secret import keys.json --key keys_master.key', does: 'a file of Fernet tokens' },
  ],
  args: { file: optionalArgument('the file', { completes: 'file' }) },
  options: {
    key: option('the file with the Fernet key', { value: 'FILE', completes: 'file' }),
    environment: flag('take them from the environment of this command'),
    all: flag('also variables whose name says nothing of a secret'),
    store: choiceOption('where they are kept (default: secrets.store)', ['file', 'keychain', 'keyring']),
    dryRun: flag('show what would be taken'),
  },
  exits: ['denied', 'missing', 'unavailable'],
  async run({ file, key, environment, all, store, dryRun }, context) {
    if (environment === (file !== undefined)) {
      throw new CliError(CLI_ERRORS, 'USAGE', {
        what: environment ? 'a file and --environment are both given' : 'nothing to import from is named',
        fix: 'name a file, or say --environment',
      })
    }
    const text = file === undefined ? variables(context) : bytesOf(context, file)
    const sealed = key === undefined ? {} : { key: bytesOf(context, key).toString('base64') }
    const answer = await calls(await context.client()).call('secretImport', {
      ...{ format: key === undefined ? ('env' as const) : ('fernet' as const), all, dryRun, ...sealed },
      text: text.toString('base64'),
      ...(store === undefined ? {} : { store }),
    })
    text.fill(0)
    const verb = dryRun ? 'would be kept' : 'kept'
    const lines = [
      ...answer.imported.map(
        ({ name, from, new: isNew }) => `${from} ${verb} as ${name}${isNew ? '' : ' (a new value)'}`,
      ),
      ...answer.skipped.map(({ from, why }) => `${from} left out: ${why}`),
    ]
    context.out.result(answer, lines.length === 0 ? 'nothing to import was found' : lines.join('\n'))
    if (!dryRun && answer.imported.length > 0)
      context.out.note(`now remove them where they were${file === undefined ? '' : `: ${file}`}`)
  },
})

function variables({ environment }: Context): Buffer {
  const lines = Object.entries(environment).flatMap(([name, value]) => {
    const isPlain = value !== undefined && isSecretVariable(name) && !/[\r\n]/.test(value)
    if (!isPlain || name.startsWith('WARDER_')) return []
    const quote = value.includes("'") ? '"' : "'"
    return value.includes(quote) ? [] : [`${name}=${quote}${value}${quote}`]
  })
  return Buffer.from(lines.join('\n'))
}

function bytesOf({ cwd }: Context, path: string): Buffer {
  let fd: number
  try {
    fd = openSync(resolve(cwd, path), 'r')
  } catch (cause) {
    throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
      what: `${path} cannot be opened: ${messageOf(cause)}`,
      fix: 'name a file that can be read',
      cause,
    })
  }
  try {
    return read(fd, MOST_BYTES)
  } finally {
    closeSync(fd)
  }
}

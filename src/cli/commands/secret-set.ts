import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { argument, choiceOption, option } from '../param.ts'
import { TERM_OPTIONS, termsOf } from './secret-terms.ts'
import { FD_OPTION, valueFrom } from './secret-value.ts'

const FILLED_BY_OTHERS: readonly string[] = ['environment', 'command']

export const secretSet = command({
  name: 'secret set',
  about: 'keep a secret, or give one a new value',
  details: [
    'The value is asked for twice at the terminal, or read whole from standard input or the descriptor --fd names. It is never an argument and never shown.',
    'An agent never sees a value. It may use one when three things agree: the secret is kept for it (--for), its policy or a grant says secret:use:NAME, and the request goes to a host the secret is bound to (--host). Without --for and --host nobody can use it.',
    'Each secret has one store and is looked for in no other. A new value keeps the one before until you say that it works: warder secret rotate NAME --verified.',
  ],
  examples: [
    {
      run: 'warder secret set github-token --host api.github.com --for builder',
      does: 'asks for the value; grant the use with: warder grant add builder secret:use:github-token',
    },
    { run: 'pass show openai | warder secret set openai-key --host api.openai.com', does: 'in a script' },
    {
      run: 'warder secret set ci-token --store environment --entry CI_TOKEN',
      does: 'one that others fill in',
    },
  ],
  args: { name: argument('a name of your own: letters, digits, dot, dash, underscore') },
  options: {
    store: choiceOption('where it is kept (default: secrets.store)', [
      'file',
      'keychain',
      'keyring',
      'environment',
      'command',
    ]),
    entry: option('how a store that others fill calls it: a variable, an entry of a password manager', {
      value: 'NAME',
    }),
    fd: FD_OPTION,
    ...TERM_OPTIONS,
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ name, store, entry, fd, ...terms }, context) {
    const isFilled = store !== undefined && FILLED_BY_OTHERS.includes(store)
    const value = isFilled ? {} : { value: await valueFrom(context, fd, `the value of ${name}`) }
    const answer = await calls(await context.client()).call('secretSet', {
      name,
      ...value,
      ...(store === undefined ? {} : { store }),
      ...(entry === undefined ? {} : { entry }),
      ...termsOf(terms, context),
    })
    const { secret } = answer
    context.out.result(answer, `${name}: version ${secret.version} is kept in the store ${secret.store}`)
    if (secret.store === 'environment')
      context.out.warn(
        'whoever starts Warder has this value in a shell or a unit file, where others may read it',
      )
    if (secret.hosts.length === 0 || secret.principals.length === 0)
      context.out.note(`no agent can use it yet: warder secret bind ${name} --host HOST --for AGENT`)
  },
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { confirmName } from '../confirm.ts'
import { argument, option } from '../param.ts'

export const secretDelete = command({
  name: 'secret delete',
  about: 'forget a secret and every value of it',
  details: [
    'It is gone from here; at the service it is for it goes on working until it is revoked there. For a store that others fill only the entry here is forgotten.',
  ],
  examples: [{ run: 'warder secret delete github-token', does: 'asks for the name once more' }],
  args: { name: argument('the secret') },
  options: { confirm: option('the name, for scripts', { value: 'NAME' }) },
  exits: ['denied', 'missing', 'conflict', 'unavailable'],
  async run({ name, confirm }, context) {
    await confirmName(context, name, confirm, `every value of ${name} is forgotten`)
    const answer = await calls(await context.client()).call('secretDelete', { name })
    context.out.result(answer, `${name} is forgotten; revoke it at its service too`)
  },
})

import { resolve } from 'node:path'
import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { choiceArgument, optionalArgument } from '../param.ts'

const KINDS = ['file', 'credential', 'token', 'dns', 'tool', 'secret'] as const

export const canaryPlant = command({
  name: 'canary plant',
  about: 'plant something nobody has a reason to touch',
  details: [
    'Kinds: file and credential (a path where nothing is; cloud credentials look real and open nothing), token (shown this once: put it where a thief would look), dns (a host name), tool (server/tool) and secret (a name in warder secret list). Whoever touches one is told of, and an agent that does is stopped.',
  ],
  examples: [
    { run: 'warder canary plant credential ~/.aws/credentials', does: 'fake cloud credentials' },
    { run: 'warder canary plant dns', does: 'makes up a host name that nobody asks for by chance' },
  ],
  args: {
    kind: choiceArgument('what it looks like', KINDS),
    name: optionalArgument('the path, host, server/tool or name'),
  },
  exits: ['denied', 'conflict', 'unavailable'],
  async run({ kind, name }, context) {
    const isFile = kind === 'file' || kind === 'credential'
    const given = name === undefined ? undefined : isFile ? resolve(name) : name
    const answer = await calls(await context.client()).call('canaryPlant', {
      kind,
      ...(given === undefined ? {} : { name: given }),
    })
    const { canary, value } = answer
    const token = value === undefined ? '' : `\n${value}`
    context.out.result(
      answer,
      `${canary.id}: ${canary.kind} ${canary.name}, watched by ${canary.watched}${token}`,
    )
  },
})

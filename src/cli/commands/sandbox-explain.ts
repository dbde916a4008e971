import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { optionalArgument, option } from '../param.ts'
import { definedOnly } from './running.ts'

export const sandboxExplain = command({
  name: 'sandbox explain',
  about: 'show what would be visible in a sandbox, before anything runs',
  examples: [
    { run: 'warder sandbox explain agent', does: 'for a coding agent in this directory' },
    { run: 'warder sandbox explain --agent builder', does: 'with what policy and grants give that agent' },
  ],
  args: { profile: optionalArgument('the profile (default: agent)', { completes: 'profile' }) },
  options: {
    agent: option('the agent', { completes: 'agent' }),
    workspace: option('the workspace (default: this directory)', { value: 'DIR', completes: 'file' }),
  },
  exits: ['missing', 'denied', 'unavailable'],
  async run({ profile, agent, workspace }, { client, out, cwd, environment }) {
    const answer = await calls(await client()).call('sandboxExplain', {
      kind: 'run',
      agent: agent ?? 'example',
      profile: profile ?? 'agent',
      workspace: workspace ?? cwd,
      argv: ['/usr/bin/true'],
      environment: definedOnly(environment),
    })
    out.result(answer, String(answer['text']))
  },
})

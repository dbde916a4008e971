import { command } from '../command.ts'
import { option, rest } from '../param.ts'
import { execInside } from './exec-inside.ts'
import { runInSandbox, RUN_OPTIONS } from './running.ts'

export const exec = command({
  name: 'exec',
  about: 'run one command under a permit, in the smallest sandbox',
  details: [
    'The command runs in the profile tool-minimal unless you name another: the workspace is read-only for it, memory 256 MiB, 30 seconds, no network. With --agent it is the agent who asks, and needs process:spawn for the program.',
    "With --in the command runs in the sandbox of an agent that runs: with its files, limits, network and environment, beside it, in its directory. Only you can, not an agent, and only where process 1 of the sandbox is Warder's own (resident-exec in warder sandbox probe). Of your environment only words about terminal and language go along. What it prints comes from inside: the agent may have changed any program but those of the system. It ends with the sandbox at the latest, and when you go away.",
  ],
  examples: [
    { run: 'warder exec -- wc -l README.md', does: 'one command, recorded' },
    { run: 'warder exec --agent builder -- make test', does: 'as the agent builder, if its policy allows' },
    { run: 'warder exec --in builder -- git status', does: 'in the sandbox of builder, while it runs' },
    { run: 'warder exec --in builder -- bash', does: 'a shell in there, with your terminal' },
  ],
  args: { command: rest('the command and its arguments') },
  options: {
    ...RUN_OPTIONS,
    agent: option('the agent who asks; by default you', { completes: 'agent' }),
    in: option('the running agent, or its run, in whose sandbox', { value: 'AGENT', completes: 'agent' }),
  },
  exits: ['denied', 'missing', 'conflict', 'stopped', 'unavailable', 'timedOut'],
  handlesInterrupt: true,
  run: ({ in: inside, ...input }, context) =>
    inside === undefined
      ? runInSandbox({ ...input, kind: 'exec', grant: [], grantFor: undefined }, context)
      : execInside({ ...input, in: inside }, context),
})

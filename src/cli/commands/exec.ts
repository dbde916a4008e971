import { command } from '../command.ts'
import { option, rest } from '../param.ts'
import { runInSandbox, RUN_OPTIONS } from './running.ts'

export const exec = command({
  name: 'exec',
  about: 'run one command under a permit, in the smallest sandbox',
  details: [
    'The command runs in the profile tool-minimal unless you name another: the workspace is read-only for it, memory 256 MiB, 30 seconds, no network. With --agent it is the agent who asks, and needs process:spawn for the program.',
  ],
  examples: [
    { run: 'warder exec -- wc -l README.md', does: 'one command, recorded' },
    { run: 'warder exec --agent builder -- make test', does: 'as the agent builder, if its policy allows' },
  ],
  args: { command: rest('the command and its arguments') },
  options: { ...RUN_OPTIONS, agent: option('the agent who asks; by default you', { completes: 'agent' }) },
  exits: ['denied', 'stopped', 'unavailable', 'timedOut'],
  handlesInterrupt: true,
  run: (input, context) => runInSandbox({ ...input, kind: 'exec', grant: [], grantFor: undefined }, context),
})

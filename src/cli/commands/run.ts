import { command } from '../command.ts'
import {
  choiceOption,
  durationOption,
  integerOption,
  manyOption,
  option,
  rest,
  sizeOption,
} from '../param.ts'
import { runInSandbox, RUN_OPTIONS } from './running.ts'

export const run = command({
  name: 'run',
  about: 'run an agent in its sandbox, with its terminal',
  details: [
    'Starts the daemon when none runs, gives the agent an identity, and runs it under one permit. What it may read and write beyond its workspace is what policy and grants say; without any it gets its workspace and the system, read-only, and reaches no host. What leaves goes through the egress proxy alone: allow a host with a rule, or with --grant net:connect:HOST:443.',
    'With --max-actions, --max-programs or --max-output an agent that does more is stopped, as by warder stop, until you resume it. With --restart on-failure it is started again when it fails; one that fails a sixth time within five minutes is stopped.',
    "The agent's own exit code is this command's exit code. Everything it prints is its own.",
  ],
  examples: [
    { run: 'warder run -- claude', does: 'a coding agent in this directory' },
    {
      run: 'warder run --agent docs --grant fs:read:/srv/manuals/** -- codex',
      does: 'one that may also read the manuals, for ten minutes',
    },
    {
      run: 'warder run --grant net:connect:api.example.com:443 --secret example-key -- my-agent',
      does: 'one that talks to an API with a key it never holds',
    },
    { run: 'warder run --profile code_analyzer -- npx some-linter', does: 'one that may only read' },
  ],
  args: { command: rest('the agent and its arguments') },
  options: {
    ...RUN_OPTIONS,
    agent: option('its name; by default the name of the program', { completes: 'agent' }),
    grant: manyOption('a capability for this agent, for a time', { value: 'CAPABILITY' }),
    secret: manyOption('a secret for this agent: put in by the proxy, never seen inside', {
      value: 'NAME[=HOST]',
    }),
    domain: manyOption('for profile web_scraper: what it fetches from', { value: 'DOMAIN' }),
    grantFor: durationOption('how long those grants hold (default 10m)'),
    maxActions: integerOption('stop it when it asks Warder more often than this', 0, 1_000_000_000),
    maxPrograms: integerOption('stop it when more programs than this begin inside', 0, 1_000_000_000),
    maxOutput: sizeOption('stop it when it prints more than this'),
    workspaceMode: choiceOption('where its changes go (default: aside)', ['overlay', 'worktree', 'direct']),
    restart: choiceOption('start it again when it fails', ['on-failure']),
  },
  exits: ['denied', 'stopped', 'unavailable', 'timedOut'],
  handlesInterrupt: true,
  run: (input, context) => runInSandbox({ ...input, kind: 'run' }, context),
})

import { calls } from '../../client/calls.ts'
import { command } from '../command.ts'
import { option, requiredOption, rest } from '../param.ts'
import { definedOnly, exitCode, relayHere } from './running.ts'

export const mcpWrap = command({
  name: 'mcp wrap',
  about: 'run an MCP server in its sandbox, behind the firewall',
  details: [
    'What a client starts in place of the server itself (warder setup mcp writes it there). Standard input and output are the client’s; the server runs in a sandbox of its own, and everything between the two is read, decided and looked into. What the policy does not name under mcp.servers is denied.',
    'The calls are made by an agent: the one named with --as, else mcp-client. A stop of that agent ends the session. Receipts of the calls are kept; check them with warder mcp receipts verify.',
  ],
  examples: [
    {
      run: 'warder mcp wrap --name files -- npx -y @modelcontextprotocol/server-filesystem .',
      does: 'the server the policy knows as files',
    },
    {
      run: 'warder mcp wrap --name github --as claude-code',
      does: 'as the policy itself says it is started',
    },
  ],
  args: { command: rest('the server and its arguments', { required: false }) },
  options: {
    name: requiredOption('the name policy knows the server by', { value: 'SERVER' }),
    as: option('the agent that calls its tools', { value: 'AGENT', completes: 'agent' }),
    profile: option('the sandbox profile (default: what the policy says, or by the server’s tier)', {
      completes: 'profile',
    }),
    workspace: option('the directory it works in (default: this one)', { value: 'DIR', completes: 'file' }),
  },
  exits: ['denied', 'stopped', 'unavailable'],
  handlesInterrupt: true,
  async run({ command: argv, name, as, profile, workspace }, context) {
    const client = await context.client()
    const { cwd, environment } = context
    const opened = await calls(client).call('mcpOpen', {
      ...{ server: name, argv: [...argv], cwd, workspace: workspace ?? cwd },
      environment: definedOnly(environment),
      ...(as === undefined ? {} : { agent: as }),
      ...(profile === undefined ? {} : { profile }),
    })
    // never on stdout: that is the client's
    for (const note of opened.notes) context.out.note(`warder: ${note}`)
    return exitCode(await relayHere(client, opened.permit, undefined, context), context)
  },
})
